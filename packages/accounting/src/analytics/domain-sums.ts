/**
 * Adds up what was read of each domain in each epoch.
 * @module
 */
import { DENY } from '@turnpike/core/log/entry'
import type { LogEntry } from '@turnpike/core/log/entry'
import type { DomainBatch, DomainEpochCounts, KindCounts } from '@turnpike/core/ports/domain-index'
import { billableBytes } from '../charge.ts'

type Sums = { -readonly [K in keyof DomainEpochCounts]: DomainEpochCounts[K] }

/**
 * Sums of entries that follow each other. Reads, refusals and bytes are those of the epoch's
 * summary rows, so that both add up to the same.
 *
 * @example
 * const sums = new DomainSums(first)
 * sums.add(epoch, logged)
 * await index.add(sums.batch(leafHash(hasher, bytes)))
 */
export class DomainSums {
  readonly #first: number
  #count = 0
  readonly #kinds: { -readonly [K in keyof KindCounts]: number } = {
    read: 0,
    exec: 0,
    ack: 0,
    seal: 0,
    void: 0,
    fetch: 0,
  }
  /** By epoch, then by domain: a batch is nearly always of one epoch. */
  readonly #sums = new Map<number, Map<string, Sums>>()

  /** `first` is the index of the entry that `add` takes first. */
  constructor(first: number) {
    this.#first = first
  }

  /** Entries so far. */
  get count(): number {
    return this.#count
  }

  /** Index of the entry that `add` takes next. */
  get end(): number {
    return this.#first + this.#count
  }

  /** Adds the next entry, which is in `epoch`. */
  add(epoch: number, logged: LogEntry): void {
    this.#count += 1
    this.#kinds[logged.kind] += 1
    if (logged.kind !== 'read') return
    const read = logged.entry
    const sums = this.#of(epoch, read.domain)
    if (read.deny !== DENY.none) {
      sums.denied += read.count
      return
    }
    sums.reads += read.count
    sums.bytes += billableBytes(read)
    sums.lastMs = Math.max(sums.lastMs, read.ts)
  }

  /** What was added; `tip` is the leaf hash of the last entry. */
  batch(tip: Uint8Array): DomainBatch {
    const counts = Array.from(this.#sums.values(), (domains) => [...domains.values()]).flat()
    return { first: this.#first, end: this.end, counts, kinds: this.#kinds, tip }
  }

  #of(epoch: number, domain: string): Sums {
    let domains = this.#sums.get(epoch)
    if (domains === undefined) this.#sums.set(epoch, (domains = new Map()))
    let sums = domains.get(domain)
    if (sums === undefined) {
      sums = { epoch, domain, reads: 0, denied: 0, bytes: 0n, lastMs: 0 }
      domains.set(domain, sums)
    }
    return sums
  }
}
