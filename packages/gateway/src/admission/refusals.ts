/**
 * Refusals that cost next to nothing: a flood of them becomes one entry of the log a second.
 * Source: design, "The log": floods coalesce.
 * @module
 */
import { REFUSALS_COALESCED_MS } from '@turnpike/core/limits'
import { ENTRY_ID_BYTES, encodeRead } from '@turnpike/core/log/encode'
import { DENY, GRADE, type ReadEntry } from '@turnpike/core/log/entry'
import { receiptIdOf } from '@turnpike/core/log/receipt-id'
import type { Journal } from '@turnpike/core/ports/journal'
import type { Clock, Hasher, Random, Timer } from '@turnpike/core/ports/runtime'
import type { Answer } from '../meter.ts'
import type { Observer } from '../observer.ts'
import { refusalAnswer } from '../plain-answer.ts'

const TOO_MANY_REQUESTS = 429

/** Why a request is refused. */
export type RefusalKind = 'load' | 'address' | 'identity'

/** What entry and answer of a kind say. */
interface Kind {
  readonly deny: number
  readonly text: string
}

const SECOND_MS = 1000

const KINDS: Readonly<Record<RefusalKind, Kind>> = {
  /** The process answers as many requests as it may. */
  load: {
    deny: DENY.policy,
    text: 'too many requests at once: try again in a minute\n',
  },
  /** An address sends more than it may. */
  address: {
    deny: DENY.address,
    text: 'too many requests from this address: wait for as long as Retry-After says\n',
  },
  /** Whoever was let read sends more than anybody may. */
  identity: {
    deny: DENY.identity,
    text: 'too many requests by this reader: wait for as long as Retry-After says\n',
  },
}

/** What refusals are made of. */
export interface RefusalDeps {
  readonly journal: Journal
  readonly observer: Observer
  readonly clock: Clock
  readonly timer: Timer
  readonly random: Random
  readonly hasher: Hasher
  /** DID of this gateway: it pays for what it refuses. */
  readonly provider: string
  readonly region: string
}

/** Refusals of one kind that are not in the journal yet. */
interface Pending {
  count: number
  /** Wall-clock ms of the first. */
  started: number
}

/** Answers 429 and keeps the books of it. */
export class Refusals {
  readonly #deps: RefusalDeps
  readonly #pending = new Map<RefusalKind, Pending>()
  #callOff: (() => void) | undefined

  constructor(deps: RefusalDeps) {
    this.#deps = deps
  }

  /**
   * The answer of one refusal. Its `X-Receipt-Id` leads to no entry, since many share one.
   *
   * @param waitMs until the same request may be let in; its `Retry-After` is the second after
   * @example
   * refusals.answer('load', 60_000).status // 429
   */
  answer(kind: RefusalKind, waitMs: number): Answer {
    const { clock, random, hasher, timer } = this.#deps
    const pending = this.#pending.get(kind)
    if (pending === undefined) this.#pending.set(kind, { count: 1, started: clock.nowMs() })
    else pending.count += 1
    this.#callOff ??= timer.after(REFUSALS_COALESCED_MS, () => this.#onTime())
    const { text } = KINDS[kind]
    const retryAfterSeconds = Math.ceil(waitMs / SECOND_MS)
    const receiptId = receiptIdOf(random.bytes(ENTRY_ID_BYTES), hasher)
    return refusalAnswer(TOO_MANY_REQUESTS, { retryAfterSeconds, text, receiptId })
  }

  /** Hands all that was refused so far to the journal: before it is flushed or closed. */
  flush(): void {
    for (const [kind, pending] of this.#pending) {
      const open = this.#deps.journal.admit()
      // Without room the count goes on, and is recorded when there is some.
      if (open === undefined) continue
      this.#pending.delete(kind)
      const entry = this.#entry(kind, pending)
      open.end([encodeRead(entry)])
      this.#deps.observer.read(entry, 0, 'TooManyRequests')
    }
    if (this.#pending.size > 0) return
    this.#callOff?.()
    this.#callOff = undefined
  }

  /** Flushes, and waits for nothing more: what the journal has no room for is lost. */
  close(): void {
    this.flush()
    this.#callOff?.()
    this.#callOff = undefined
    this.#pending.clear()
  }

  #onTime(): void {
    this.#callOff = undefined
    this.flush()
    if (this.#pending.size > 0)
      this.#callOff = this.#deps.timer.after(REFUSALS_COALESCED_MS, () => this.#onTime())
  }

  #entry(kind: RefusalKind, { count, started }: Pending): ReadEntry {
    const { clock, random, provider, region } = this.#deps
    return {
      id: random.bytes(ENTRY_ID_BYTES),
      ts: clock.nowMs(),
      started,
      domain: '',
      space: provider,
      provider,
      region,
      cid: null,
      status: TOO_MANY_REQUESTS,
      bytes: 0n,
      flags: 0,
      deny: KINDS[kind].deny,
      count,
      grade: GRADE.handed,
    }
  }
}
