/**
 * The log's clock: wall time that never goes back and doesn't leap ahead unasked.
 * Source: design, "Sequencer"; receipts, section 6.4.
 * @module
 */
import { CLOCK_JUMP_MS_MAX, LOG_IDLE_MS_MAX } from '@turnpike/core/limits/log'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import { ClockJumped } from './errors.ts'

/**
 * Tells a clock that was set wrong from a log that was idle.
 *
 * Since the log never goes back, one entry at a wrong time in the future holds every later entry
 * in that epoch until real time has come so far. What tells the two apart is the monotonic clock:
 * a log may be idle for days and both clocks have moved alike; when the wall clock has moved more
 * than an hour further, somebody set it. `monotonicMs` should run on while the machine sleeps,
 * else waking up looks like a jump.
 *
 * A process that starts has no earlier pair to compare: there a gap of up to 30 days since the
 * last commit passes as idle. A clock that goes back needs nobody: the log waits in its epoch.
 *
 * @example
 * const clock = new LogClock(runtimeClock)
 * const now = clock.read(state.clockMs)
 */
export class LogClock {
  readonly #clock: Clock
  /** The last pair of readings that was believed. */
  #believed: { readonly wallMs: number; readonly monotonicMs: number } | undefined
  #confirmed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * The log's time now, in ms: never less than `floorMs`, the time of its last commit (0: none).
   * Heals by itself when the clock comes back.
   */
  read(floorMs: number): Result<number, ClockJumped> {
    const wallMs = this.#clock.nowMs()
    const monotonicMs = this.#clock.monotonicMs()
    const lastMs = this.#lastPossible(floorMs, monotonicMs)
    if (wallMs > lastMs && !this.#confirmed) return fail(new ClockJumped(lastMs, wallMs))
    this.#confirmed = false
    this.#believed = { wallMs, monotonicMs }
    return ok(Math.max(floorMs, wallMs))
  }

  /** An operator says that the clock is right: the next `read` takes it as it is. */
  confirm(): void {
    this.#confirmed = true
  }

  #lastPossible(floorMs: number, monotonicMs: number): number {
    if (this.#believed !== undefined) {
      const elapsedMs = monotonicMs - this.#believed.monotonicMs
      return this.#believed.wallMs + elapsedMs + CLOCK_JUMP_MS_MAX
    }
    return floorMs === 0 ? Number.POSITIVE_INFINITY : floorMs + LOG_IDLE_MS_MAX
  }
}
