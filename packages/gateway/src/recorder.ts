/**
 * Turns one request's course into its journal entries.
 * @module
 */
import type { Delivery } from '@turnpike/core/body'
import { encodeFetch, encodeRead } from '@turnpike/core/log/encode'
import { READ_FLAGS, type ReadEntry } from '@turnpike/core/log/entry'
import type { Awaitable } from '@turnpike/core/result'
import type { Journal, OpenRead } from '@turnpike/core/ports/journal'
import type { Clock } from '@turnpike/core/ports/runtime'
import type { FetchCount, FetchTally } from './blocks/fetch-tally.ts'
import type { Observer } from './observer.ts'
import type { ReadRecorder } from './meter.ts'

/** What is known of a read when its answer is ready. */
export interface ReadFacts {
  readonly id: Uint8Array
  readonly started: number
  readonly domain: string
  readonly space: string
  readonly provider: string
  readonly region: string
  readonly cid: Uint8Array | null
  readonly status: number
  readonly flags: number
  readonly deny: number
  /** Name of the error that the answer tells, if it does. */
  readonly errorName: string | undefined
}

/** What the recorder works with. */
export interface RecorderDeps {
  readonly clock: Clock
  readonly journal: Journal
  readonly observer: Observer
}

/** Recorder of one admitted read. Facts are fixed when its answer is; only the delivery is open. */
export class EntryRecorder implements ReadRecorder {
  readonly #deps: RecorderDeps
  readonly #open: OpenRead
  readonly #facts: ReadFacts
  readonly #tally: FetchTally | undefined
  readonly #startedAtMs: number

  constructor(
    deps: RecorderDeps,
    open: OpenRead,
    facts: ReadFacts,
    tally: FetchTally | undefined,
    startedAtMs: number,
  ) {
    this.#deps = deps
    this.#open = open
    this.#facts = facts
    this.#tally = tally
    this.#startedAtMs = startedAtMs
  }

  start(): Awaitable<void> {
    return this.#open.start(this.#entry(0, this.#facts.flags, 0))
  }

  mark(bytes: number): void {
    this.#open.mark(bytes, this.#deps.clock.nowMs())
  }

  end(delivery: Delivery): void {
    const entry = this.#endEntry(delivery)
    const { id } = this.#facts
    const group = [encodeRead(entry)]
    if (this.#tally !== undefined)
      for (const [provider, count] of this.#tally.close((p, c) => this.#late(p, c)))
        group.push(encodeFetch({ id, provider, ...count }))
    this.#open.end(group)
    const durationMs = this.#deps.clock.monotonicMs() - this.#startedAtMs
    this.#deps.observer.read(entry, durationMs, this.#facts.errorName)
  }

  /** A fetch that outlived its read is recorded when it is over, in a group of its own. */
  #late(provider: string, count: FetchCount): void {
    const open = this.#deps.journal.admit()
    if (open === undefined) return this.#deps.observer.unrecorded()
    open.end([encodeFetch({ id: this.#facts.id, provider, ...count })])
  }

  #endEntry(delivery: Delivery): ReadEntry {
    const flags = this.#facts.flags | endFlags(delivery)
    const entry = this.#entry(delivery.bytes, flags, delivery.grade)
    if (delivery.status === undefined) return entry
    // What went out instead is not content.
    const { content, range } = READ_FLAGS
    return { ...entry, status: delivery.status, flags: flags & ~(content | range) }
  }

  /** Field by field: a spread costs a microsecond, and a read makes two entries. */
  #entry(bytes: number, flags: number, grade: number): ReadEntry {
    const facts = this.#facts
    return {
      id: facts.id,
      ts: this.#deps.clock.nowMs(),
      started: facts.started,
      domain: facts.domain,
      space: facts.space,
      provider: facts.provider,
      region: facts.region,
      cid: facts.cid,
      status: facts.status,
      // What tells of a refusal is not counted (design, "The log").
      bytes: facts.deny === 0 ? BigInt(bytes) : 0n,
      flags,
      deny: facts.deny,
      count: 1,
      grade,
    }
  }
}

function endFlags(delivery: Delivery): number {
  if (delivery.end === 'client-left') return READ_FLAGS.clientLeft
  return delivery.end === 'failed' ? READ_FLAGS.originFailed : 0
}
