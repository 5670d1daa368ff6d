/**
 * Counts of what happens on the read path, kept in plain numbers.
 *
 * A labelled `inc` of prom-client takes 80 ns and an `observe` 110 ns, and a read needs half a
 * dozen; all counts of a read together take 20 ns here (measured, Node 24). They are folded into
 * metrics when somebody asks. They are doubles, as Prometheus has them; bills come from the log.
 * @module
 */
import { METRIC_ORIGINS_MAX } from '@turnpike/core/limits'
import { READ_FLAGS, type ReadEntry } from '@turnpike/core/log/entry'
import type { OriginFault } from '@turnpike/core/ports/blob'
import type { CacheName, Observer } from '@turnpike/gateway/observer'

/** Upper bounds of the duration histogram's buckets, in ms; one more bucket has no bound. */
export const DURATION_BUCKETS_MS: readonly number[] = [
  1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 60_000, 600_000,
]

/** Faults of origins, in the order in which they are counted. */
export const FAULTS: readonly OriginFault['name'][] = [
  'OriginUnavailable',
  'OriginTimeout',
  'OriginLied',
  'OriginMissing',
  'OriginForbidden',
]

/** Name under which origins beyond the bound are counted together. */
export const OTHER_ORIGINS = 'other'

const STATUS_CLASSES = 6
const DENY_CODES = 8

/** Counts of one origin. */
export interface OriginCounts {
  requests: number
  /** By the order of {@link FAULTS}. */
  readonly faults: number[]
}

/** All counts, as plain data that can be sent between processes and added up. */
export interface TallySnapshot {
  /** Reads by first digit of the status. */
  readonly reads: number[]
  /** Refused reads by `DENY` code. */
  readonly denied: number[]
  /** Reads by bucket of {@link DURATION_BUCKETS_MS}; not cumulative. */
  readonly durations: number[]
  durationMsSum: number
  bytes: number
  bytesContent: number
  clientsLeft: number
  fromCache: number
  unrecorded: number
  crashes: number
  readonly hits: Record<CacheName, number>
  readonly misses: Record<CacheName, number>
  readonly origins: Record<string, OriginCounts>
  /** Answers that are no content: by route, then by first digit of the status. */
  readonly services: Record<string, number[]>
}

function zeros(count: number): number[] {
  return Array.from({ length: count }, () => 0)
}

/** Counts of nothing. */
export function emptySnapshot(): TallySnapshot {
  return {
    reads: zeros(STATUS_CLASSES),
    denied: zeros(DENY_CODES),
    durations: zeros(DURATION_BUCKETS_MS.length + 1),
    durationMsSum: 0,
    bytes: 0,
    bytesContent: 0,
    clientsLeft: 0,
    fromCache: 0,
    unrecorded: 0,
    crashes: 0,
    hits: { answer: 0, block: 0, node: 0 },
    misses: { answer: 0, block: 0, node: 0 },
    origins: Object.create(null) as Record<string, OriginCounts>,
    services: {},
  }
}

/** An observer that counts. Each process that serves has one. */
export class Tally implements Observer {
  readonly #counts: TallySnapshot = emptySnapshot()
  #originCount = 0

  /** The counts now: a view, to be read or sent at once. */
  snapshot(): TallySnapshot {
    return this.#counts
  }

  read(entry: ReadEntry, durationMs: number): void {
    const counts = this.#counts
    const { flags, deny, count } = entry
    const bytes = Number(entry.bytes)
    counts.reads[Math.min(STATUS_CLASSES - 1, Math.floor(entry.status / 100))]! += count
    if (deny !== 0) counts.denied[Math.min(DENY_CODES - 1, deny)]! += count
    counts.bytes += bytes
    if ((flags & READ_FLAGS.content) !== 0) counts.bytesContent += bytes
    if ((flags & READ_FLAGS.clientLeft) !== 0) counts.clientsLeft += 1
    if ((flags & READ_FLAGS.fromCache) !== 0) counts.fromCache += 1
    let bucket = 0
    while (bucket < DURATION_BUCKETS_MS.length && durationMs > DURATION_BUCKETS_MS[bucket]!)
      bucket++
    counts.durations[bucket]! += 1
    counts.durationMsSum += durationMs
  }

  unrecorded(): void {
    this.#counts.unrecorded += 1
  }

  /** Nothing: a read that was refused is counted as such when it ends. */
  denied(): void {}

  cache(name: CacheName, hit: boolean): void {
    if (hit) this.#counts.hits[name] += 1
    else this.#counts.misses[name] += 1
  }

  originRequest(provider: string): void {
    this.#origin(provider).requests += 1
  }

  originFault(fault: OriginFault): void {
    this.#origin(fault.provider).faults[FAULTS.indexOf(fault.name)]! += 1
  }

  /** Routes are ours, and few. */
  service(route: string, status: number): void {
    const counts = (this.#counts.services[route] ??= zeros(STATUS_CLASSES))
    counts[Math.floor(status / 100)]! += 1
  }

  crash(): void {
    this.#counts.crashes += 1
  }

  #origin(provider: string): OriginCounts {
    const { origins } = this.#counts
    const known = origins[provider]
    if (known !== undefined) return known
    // Addresses come from others: without a bound they could fill the memory of whoever scrapes.
    const name = this.#originCount < METRIC_ORIGINS_MAX ? provider : OTHER_ORIGINS
    if (name === provider) this.#originCount += 1
    return (origins[name] ??= { requests: 0, faults: zeros(FAULTS.length) })
  }
}

/** Counts of several processes together. */
export function sumSnapshots(snapshots: readonly TallySnapshot[]): TallySnapshot {
  const total = emptySnapshot()
  for (const snapshot of snapshots) {
    addAll(total.reads, snapshot.reads)
    addAll(total.denied, snapshot.denied)
    addAll(total.durations, snapshot.durations)
    for (const name of ['durationMsSum', 'bytes', 'bytesContent'] as const)
      total[name] += snapshot[name]
    for (const name of ['clientsLeft', 'fromCache', 'unrecorded', 'crashes'] as const)
      total[name] += snapshot[name]
    for (const name of ['answer', 'block', 'node'] as const) {
      total.hits[name] += snapshot.hits[name]
      total.misses[name] += snapshot.misses[name]
    }
    for (const [origin, { requests, faults }] of Object.entries(snapshot.origins)) {
      const sum = (total.origins[origin] ??= { requests: 0, faults: zeros(FAULTS.length) })
      sum.requests += requests
      addAll(sum.faults, faults)
    }
    for (const [route, counts] of Object.entries(snapshot.services))
      addAll((total.services[route] ??= zeros(STATUS_CLASSES)), counts)
  }
  return total
}

function addAll(total: number[], more: readonly number[]): void {
  for (const [index, value] of more.entries()) total[index]! += value
}
