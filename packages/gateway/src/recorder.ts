/**
 * Turns one request's course into its journal entries.
 * @module
 */
import type { Delivery } from '@turnpike/core/body'
import { JOURNAL_GROUP_BYTES_MAX } from '@turnpike/core/limits/log'
import { ENTRY_ID_BYTES, encodeExec, encodeFetch, encodeRead } from '@turnpike/core/log/encode'
import { READ_FLAGS, type ExecEntry, type ReadEntry } from '@turnpike/core/log/entry'
import { groupBytes } from '@turnpike/core/log/frame'
import { bundledBytes } from '@turnpike/core/merkle/bundle'
import type { Awaitable, Result, Unit } from '@turnpike/core/result'
import type { Journal, OpenRead } from '@turnpike/core/ports/journal'
import type { Clock, Random } from '@turnpike/core/ports/runtime'
import type { Execution, Executions, ReadEnded } from './executions.ts'
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

/** What making the answer took, as far as it is known: more may come until the end. */
export interface Drawn {
  readonly tally: FetchTally | undefined
  readonly executions: Executions
  /** When the request came, on the monotonic clock. */
  readonly startedAtMs: number
}

/** What the recorder works with. */
export interface RecorderDeps {
  readonly clock: Clock
  readonly random: Random
  readonly journal: Journal
  readonly observer: Observer
}

/** Recorder of one admitted read. Facts are fixed when its answer is; only the delivery is open. */
export class EntryRecorder implements ReadRecorder {
  readonly #deps: RecorderDeps
  readonly #open: OpenRead
  readonly #facts: ReadFacts
  readonly #drawn: Drawn

  constructor(deps: RecorderDeps, open: OpenRead, facts: ReadFacts, drawn: Drawn) {
    this.#deps = deps
    this.#open = open
    this.#facts = facts
    this.#drawn = drawn
  }

  start(): Awaitable<void> {
    return this.#open.start(this.#entry(0, this.#facts.flags | this.#dynamic, 0))
  }

  mark(bytes: number): void {
    this.#open.mark(bytes, this.#deps.clock.nowMs())
  }

  executed(execution: Execution): Result<Unit, ReadEnded> {
    return this.#drawn.executions.record(execution)
  }

  end(delivery: Delivery): void {
    const entry = this.#endEntry(delivery)
    const group = [encodeRead(entry)]
    for (const execution of this.#drawn.executions.close())
      group.push(encodeExec(this.#exec(execution)))
    const { tally } = this.#drawn
    const fetches = tally?.close((provider, count) => this.#late(provider, count)) ?? []
    let bytes = groupBytes(group)
    const rest = fetches.filter(([provider, count]) => {
      const fetch = encodeFetch({ id: this.#facts.id, provider, ...count })
      bytes += bundledBytes(fetch)
      if (bytes > JOURNAL_GROUP_BYTES_MAX) return true
      group.push(fetch)
      return false
    })
    this.#open.end(group)
    // A group of its own for each of those that have no room beside their read.
    for (const [provider, count] of rest) this.#late(provider, count)
    const durationMs = this.#deps.clock.monotonicMs() - this.#drawn.startedAtMs
    this.#deps.observer.read(entry, durationMs, this.#facts.errorName)
  }

  #exec(execution: Execution): ExecEntry {
    const { id, domain, space, provider, region } = this.#facts
    const { clock, random } = this.#deps
    const who = { domain, space, provider, region }
    const own = { id: random.bytes(ENTRY_ID_BYTES), ts: clock.nowMs(), read: id }
    return { ...who, ...own, ...execution }
  }

  /** A fetch that outlived its read is recorded when it is over, in a group of its own. */
  #late(provider: string, count: FetchCount): void {
    const open = this.#deps.journal.admit()
    if (open === undefined) return this.#deps.observer.unrecorded()
    open.end([encodeFetch({ id: this.#facts.id, provider, ...count })])
  }

  #endEntry(delivery: Delivery): ReadEntry {
    const flags = this.#facts.flags | this.#dynamic | endFlags(delivery)
    const entry = this.#entry(delivery.bytes, flags, delivery.grade)
    if (delivery.status === undefined) return entry
    // What went out instead is not content.
    const { content, range } = READ_FLAGS
    return { ...entry, status: delivery.status, flags: flags & ~(content | range) }
  }

  get #dynamic(): number {
    return this.#drawn.executions.any ? READ_FLAGS.dynamic : 0
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
