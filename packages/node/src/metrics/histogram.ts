/**
 * Histograms whose counts are kept elsewhere: prom-client's own takes single observations only, at
 * 110 ns each (measured, Node 24).
 * @module
 */
import type { Awaitable } from '@turnpike/core/result'

/** Counts of a histogram. */
export interface HistogramCounts {
  /** By bucket, not cumulative: one for each bound, and one more without. */
  readonly counts: readonly number[]
  readonly sumMs: number
}

/** A histogram of times. */
export interface HistogramSource {
  /** It ends with `_seconds`. */
  readonly name: string
  readonly help: string
  /** Upper bounds of buckets, in ms, ascending. */
  readonly boundsMs: readonly number[]
  /** Undefined while nobody knows: it then has no samples. */
  read(): Awaitable<HistogramCounts | undefined>
}

/**
 * A histogram in the form that a registry of prom-client reads.
 *
 * @example
 * registry.registerMetric(histogramMetric(source) as unknown as Counter)
 */
export function histogramMetric({ name, help, boundsMs, read }: HistogramSource): object {
  const aggregator = 'sum'
  const get = async (): Promise<object> => {
    const now = await read()
    return { name, help, type: 'histogram', aggregator, values: now ? valuesOf(now) : [] }
  }
  const valuesOf = ({ counts, sumMs }: HistogramCounts): object[] => {
    let total = 0
    const buckets = counts.map((count, index) => {
      total += count
      const boundMs = boundsMs[index]
      const le = boundMs === undefined ? '+Inf' : boundMs / 1000
      return { labels: { le }, value: total, metricName: `${name}_bucket` }
    })
    return [
      ...buckets,
      { labels: {}, value: sumMs / 1000, metricName: `${name}_sum` },
      { labels: {}, value: total, metricName: `${name}_count` },
    ]
  }
  return { name, aggregator, get }
}

/** Counts times. */
export class TimeBuckets {
  readonly #boundsMs: readonly number[]
  readonly #counts: number[]
  #sumMs = 0

  constructor(boundsMs: readonly number[]) {
    this.#boundsMs = boundsMs
    this.#counts = Array.from({ length: boundsMs.length + 1 }, () => 0)
  }

  /** Counts one; a time at a bound is in its bucket. */
  add(ms: number): void {
    let bucket = 0
    while (bucket < this.#boundsMs.length && ms > this.#boundsMs[bucket]!) bucket++
    this.#counts[bucket]! += 1
    this.#sumMs += ms
  }

  /** The counts now, of its own. */
  snapshot(): HistogramCounts {
    return { counts: [...this.#counts], sumMs: this.#sumMs }
  }
}
