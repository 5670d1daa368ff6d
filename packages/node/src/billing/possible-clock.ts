/**
 * Tells time from a clock that was set ahead, for what is dated for good.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { CLOCK_JUMP_MS_MAX, LOG_IDLE_MS_MAX } from '@turnpike/core/limits/log'
import type { Clock } from '@turnpike/core/ports/runtime'

/**
 * Wall time as far as uptime bears it out. From the start on it may be 30 days ahead of the books,
 * since a folder may be idle; once it was ahead of them, an hour more than uptime. While it is
 * further, time goes on by uptime, until the clock comes right or an operator says that it is.
 *
 * @example
 * new PossibleClock(clock, lastOnBooks(catalog, epoch), () => confirmedMs(paths)).nowMs()
 */
export class PossibleClock implements Clock {
  readonly #clock: Clock
  readonly #confirmed: () => number
  /** From where time goes on by uptime. */
  #from: { readonly wallMs: number; readonly uptimeMs: number }
  /** How far the wall clock may be ahead of that. */
  #aheadMsMax: number

  /**
   * @param lastMs latest time on the books; 0 for none: then the first reading is believed
   * @param confirmed when an operator said that the clock is right, by its time
   */
  constructor(clock: Clock, lastMs: number, confirmed: () => number) {
    this.#clock = clock
    this.#confirmed = confirmed
    this.#from = { wallMs: lastMs, uptimeMs: this.#uptimeMs() }
    this.#aheadMsMax = lastMs === 0 ? Number.POSITIVE_INFINITY : LOG_IDLE_MS_MAX
    this.nowMs()
  }

  nowMs(): number {
    const wallMs = Math.floor(this.#clock.nowMs())
    const uptimeMs = this.#uptimeMs()
    const expectedMs = Math.floor(this.#from.wallMs + uptimeMs - this.#from.uptimeMs)
    // A clock that was set back says nothing of where time can be.
    if (wallMs <= expectedMs) return wallMs
    const isPossible = wallMs <= expectedMs + this.#aheadMsMax
    if (!isPossible && !this.#isConfirmed(wallMs, expectedMs)) return expectedMs
    this.#from = { wallMs, uptimeMs }
    this.#aheadMsMax = CLOCK_JUMP_MS_MAX
    return wallMs
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs()
  }

  /** One that is earlier than what we believe was for a jump before. */
  #isConfirmed(wallMs: number, expectedMs: number): boolean {
    const saidMs = this.#confirmed()
    return saidMs > expectedMs && wallMs <= saidMs + LOG_IDLE_MS_MAX
  }

  #uptimeMs(): number {
    return this.#clock.uptimeMs?.() ?? this.#clock.monotonicMs()
  }
}

/**
 * Latest time that a folder's books have; 0 when there is nothing in them.
 *
 * @param epoch last hour in the ledger
 */
export function lastOnBooks(catalog: DatabaseSync, epoch: number | undefined): number {
  const sql = 'SELECT at_ms AS last FROM storage_deltas ORDER BY id DESC LIMIT 1'
  const stored = Number(catalog.prepare(sql).get()?.last ?? 0)
  return Math.max(stored, (epoch ?? 0) * EPOCH_MS)
}
