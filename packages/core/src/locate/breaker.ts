/**
 * Circuit breakers: a service that fails again and again is left alone for a while, so that
 * requests do not wait for it.
 * @module
 */
import {
  SERVICE_COOL_DOWN_MS,
  SERVICE_COOL_DOWN_MS_MAX,
  SERVICE_FAILURES_MAX,
  SERVICE_TRIAL_MS_MAX,
} from '../limits/claims.ts'
import type { Clock, Random } from '../ports/runtime.ts'

/** What a breaker works with. */
export interface BreakerDeps {
  readonly clock: Clock
  readonly random: Random
}

/** `closed`: asked as usual. `open`: not asked. `half-open`: one question is out, on trial. */
export type BreakerState = 'closed' | 'open' | 'half-open'

/**
 * The breaker of one service. It opens after `SERVICE_FAILURES_MAX` failures in a row, for a time
 * that doubles with each failed trial.
 *
 * @example
 * if (!breaker.admits()) return unavailable
 * const answer = await ask()
 * if (answer.error) breaker.failed()
 * else breaker.succeeded()
 */
export class Breaker {
  readonly #deps: BreakerDeps
  #failures = 0
  /** Failed trials in a row. */
  #trials = 0
  #openUntilMs = 0
  /** When the question on trial went out; undefined when none is. */
  #trialSinceMs: number | undefined

  constructor(deps: BreakerDeps) {
    this.#deps = deps
  }

  get state(): BreakerState {
    if (this.#failures < SERVICE_FAILURES_MAX) return 'closed'
    return this.#trialSinceMs === undefined ? 'open' : 'half-open'
  }

  /** Whether the service may be asked now. Who is told so says afterwards how it went. */
  admits(): boolean {
    if (this.#failures < SERVICE_FAILURES_MAX) return true
    const nowMs = this.#deps.clock.monotonicMs()
    // Whoever was on trial and never said how it went must not close the way for ever.
    if (this.#trialSinceMs !== undefined) {
      if (nowMs - this.#trialSinceMs < SERVICE_TRIAL_MS_MAX) return false
    } else if (nowMs < this.#openUntilMs) return false
    this.#trialSinceMs = nowMs
    return true
  }

  /** It answered, if only that it knows nothing. */
  succeeded(): void {
    this.#failures = 0
    this.#trials = 0
    this.#trialSinceMs = undefined
  }

  /** It did not answer, or answered nonsense. */
  failed(): void {
    const wasOnTrial = this.#trialSinceMs !== undefined
    this.#trialSinceMs = undefined
    if (this.#failures < SERVICE_FAILURES_MAX) this.#failures++
    // Questions that were out when it opened say nothing new.
    if (this.#failures < SERVICE_FAILURES_MAX || (!wasOnTrial && this.#openUntilMs > this.#nowMs))
      return
    const fullMs = Math.min(SERVICE_COOL_DOWN_MS * 2 ** this.#trials++, SERVICE_COOL_DOWN_MS_MAX)
    // Half to all of it: processes that failed together shall not return together.
    this.#openUntilMs = this.#nowMs + (fullMs * (1 + this.#deps.random.bytes(1)[0]! / 255)) / 2
  }

  /** Whoever was let through asks no more: nothing was learned. */
  abandoned(): void {
    this.#trialSinceMs = undefined
  }

  get #nowMs(): number {
    return this.#deps.clock.monotonicMs()
  }
}
