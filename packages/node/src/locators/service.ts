/**
 * A service that is asked where content lies: patience, a second try, and a breaker around it.
 * @module
 */
import { SERVICE_RETRY_PAUSE_MS } from '@turnpike/core/limits/claims'
import { Breaker, type BreakerDeps } from '@turnpike/core/locate/breaker'
import type { ServiceAnswer } from '@turnpike/core/locate/answers'
import { LocatorFault, type SpaceDid } from '@turnpike/core/ports/content'
import { fail, ok, type Result } from '@turnpike/core/result'
import { setTimeout as sleep } from 'node:timers/promises'

/** What is asked of a service. */
export interface Question {
  /** At most `SERVICE_QUESTION_HASHES_MAX`. */
  readonly multihashes: readonly Uint8Array[]
  /** `location`: nothing but where these blobs lie. */
  readonly type: 'standard' | 'location'
  /** The only space of interest; undefined for any, and none. */
  readonly space: SpaceDid | undefined
}

/** A block at gateways that send it whole. */
export interface GatewayPlace {
  readonly multihash: Uint8Array
  readonly urls: readonly string[]
  readonly sizeBytes: number
}

/** What a service said. */
export interface Told extends ServiceAnswer {
  readonly gateways?: readonly GatewayPlace[]
}

/** How a service is asked. */
export interface Dialect {
  /** Whether what it knows is of no space: then it is asked only where that may be served. */
  readonly ofNoSpace: boolean
  /**
   * Asks once. Every fault of the service, down or talking nonsense, is an error; knowing nothing
   * is not.
   */
  ask(question: Question, signal: AbortSignal): Promise<Result<Told, Error>>
}

/** One service. */
export class Service {
  /** Its address without path and query. */
  readonly name: string
  readonly breaker: Breaker
  readonly ofNoSpace: boolean
  readonly #dialect: Dialect
  readonly #deps: BreakerDeps

  constructor(name: string, dialect: Dialect, deps: BreakerDeps) {
    this.name = name
    this.breaker = new Breaker(deps)
    this.ofNoSpace = dialect.ofNoSpace
    this.#dialect = dialect
    this.#deps = deps
  }

  /**
   * Asks, and once more after a pause if it fails. A service that failed too often lately is not
   * asked.
   *
   * @param late aborts when time is up
   * @param closing aborts when nobody wants to know any longer
   */
  async ask(
    question: Question,
    late: AbortSignal,
    closing: AbortSignal,
  ): Promise<Result<Told, LocatorFault>> {
    if (!this.breaker.admits()) return this.#fault('to answer lately, and is left alone')
    const signal = AbortSignal.any([late, closing])
    let asked = await this.#dialect.ask(question, signal)
    if (asked.error && !signal.aborted && this.breaker.state === 'closed') {
      await this.#pause(signal)
      if (!signal.aborted) asked = await this.#dialect.ask(question, signal)
    }
    if (closing.aborted) this.breaker.abandoned()
    else if (asked.error) this.breaker.failed()
    else this.breaker.succeeded()
    if (asked.ok) return ok(asked.ok)
    if (late.aborted) {
      const message = `${this.name} expected to answer in time, did not`
      return fail(new LocatorFault('LocatorTimeout', this.name, message, asked.error))
    }
    return this.#fault(`to answer, failed: ${asked.error.message}`, asked.error)
  }

  #fault(expected: string, cause?: Error): Result<never, LocatorFault> {
    const message = `${this.name} expected ${expected}`
    return fail(new LocatorFault('LocatorUnavailable', this.name, message, cause))
  }

  /** Half to all of it. */
  async #pause(signal: AbortSignal): Promise<void> {
    const ms = (SERVICE_RETRY_PAUSE_MS * (1 + this.#deps.random.bytes(1)[0]! / 255)) / 2
    await sleep(ms, undefined, { signal }).catch(() => {})
  }
}
