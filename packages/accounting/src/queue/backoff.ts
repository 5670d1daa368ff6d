/**
 * How long to wait before trying again.
 * @module
 */
import { QUEUE_BACKOFF_MS_MAX, QUEUE_BACKOFF_MS_MIN } from '@turnpike/core/limits/queue'
import type { Random } from '@turnpike/core/ports/runtime'

/**
 * The wait after attempt number `attempt`, from 1: it doubles each time up to a bound, and chance
 * takes up to half of it away, so that those who failed together don't come back together.
 *
 * @example
 * clock.nowMs() + backoffMs(3, random) // 2 to 4 s from now
 */
export function backoffMs(attempt: number, random: Random): number {
  const [byte = 0] = random.bytes(1)
  const wholeMs = Math.min(QUEUE_BACKOFF_MS_MAX, QUEUE_BACKOFF_MS_MIN * 2 ** (attempt - 1))
  return Math.round(wholeMs * (1 - byte / 0x200))
}
