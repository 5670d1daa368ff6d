/**
 * Metrics in Prometheus' text format, made from counts when somebody asks.
 * @module
 */
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import { DENY } from '@turnpike/core/log/entry'
import type { Awaitable } from '@turnpike/core/result'
import { histogramMetric, type HistogramSource } from './histogram.ts'
import { DURATION_BUCKETS_MS, FAULTS, sumSnapshots, type TallySnapshot } from './tally.ts'

/** A value of now, such as requests in flight. */
export interface GaugeSource {
  /** With its unit last, such as `turnpike_journal_pending_bytes`. */
  readonly name: string
  readonly help: string
  value(): Awaitable<number>
}

/** Values of now, or totals that are kept elsewhere, each with its labels. */
export interface LabelledSource {
  readonly kind: 'counter' | 'gauge'
  /** A counter's ends with `_total`. */
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  /** No two with the same labels. */
  samples(): Awaitable<readonly Sample[]>
}

/** What metrics are made from. */
export interface MetricsSources {
  /** Counts of each process that serves. */
  snapshots(): Awaitable<readonly TallySnapshot[]>
  readonly gauges: readonly GaugeSource[]
  readonly labelled?: readonly LabelledSource[]
  readonly histograms?: readonly HistogramSource[]
}

/** The metrics of a deployment. */
export interface Metrics {
  readonly contentType: string
  /** All metrics now, as text. */
  text(): Promise<string>
}

/** One sample: values of its labels, and the number. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number]

/** A counter with its samples; docs/operating/metrics.md lists all. */
interface CounterSource {
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  samples(counts: TallySnapshot): readonly Sample[]
}

const plain = (
  name: string,
  help: string,
  value: (counts: TallySnapshot) => number,
): CounterSource => ({ name, help, labels: [], samples: (counts) => [[{}, value(counts)]] })

const DENY_REASONS = Object.entries(DENY).filter(([, code]) => code !== DENY.none)

const COUNTERS: readonly CounterSource[] = [
  {
    name: 'turnpike_reads_total',
    help: 'Reads that ended and were recorded, by class of status',
    labels: ['status'],
    samples: ({ reads }) =>
      reads.flatMap((count, digit) => (digit === 0 ? [] : [[{ status: `${digit}xx` }, count]])),
  },
  {
    name: 'turnpike_read_denied_total',
    help: 'Reads that were refused, by reason',
    labels: ['reason'],
    samples: ({ denied }) => DENY_REASONS.map(([reason, code]) => [{ reason }, denied[code] ?? 0]),
  },
  plain('turnpike_unrecorded_total', 'Requests refused since the journal had no room', (counts) => {
    return counts.unrecorded
  }),
  plain('turnpike_delivered_bytes_total', 'Body bytes delivered', ({ bytes }) => bytes),
  plain(
    'turnpike_delivered_content_bytes_total',
    'Body bytes delivered that were content, error pages left out',
    ({ bytesContent }) => bytesContent,
  ),
  plain('turnpike_clients_left_total', 'Reads whose client left early', (c) => c.clientsLeft),
  plain('turnpike_reads_from_cache_total', 'Reads answered from memory', (c) => c.fromCache),
  plain('turnpike_crashes_total', 'Requests that broke an invariant', ({ crashes }) => crashes),
  {
    name: 'turnpike_cache_requests_total',
    help: 'Look-ups in caches behind the authorization',
    labels: ['cache', 'result'],
    samples: ({ hits, misses }) =>
      (['answer', 'block', 'node'] as const).flatMap((cache): Sample[] => [
        [{ cache, result: 'hit' }, hits[cache]],
        [{ cache, result: 'miss' }, misses[cache]],
      ]),
  },
  {
    name: 'turnpike_service_answers_total',
    help: 'Answers that are no content, by route and class of status',
    labels: ['route', 'status'],
    samples: ({ services }) =>
      Object.entries(services).flatMap(([route, counts]) =>
        counts.flatMap((count, digit): Sample[] =>
          count === 0 ? [] : [[{ route, status: `${digit}xx` }, count]],
        ),
      ),
  },
  {
    name: 'turnpike_origin_requests_total',
    help: 'Requests to origins',
    labels: ['origin'],
    samples: ({ origins }) =>
      Object.entries(origins).map(([origin, { requests }]) => [{ origin }, requests]),
  },
  {
    name: 'turnpike_origin_faults_total',
    help: 'Origins that did not deliver what was asked, by fault',
    labels: ['origin', 'fault'],
    samples: ({ origins }) =>
      Object.entries(origins).flatMap(([origin, { faults }]) =>
        faults.map((count, index): Sample => [{ origin, fault: FAULTS[index]! }, count]),
      ),
  },
]

/**
 * Makes the metrics of a deployment, those of the Node process included.
 *
 * @example
 * const metrics = createMetrics({ snapshots: () => [tally.snapshot()], gauges: [] })
 * await metrics.text()
 */
export function createMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  let counts: TallySnapshot = sumSnapshots([])
  for (const { name, help, labels, samples } of COUNTERS) {
    const counter = new Counter({ name, help, labelNames: labels, registers: [registry] })
    Object.assign(counter, {
      collect() {
        counter.reset()
        for (const [values, value] of samples(counts)) counter.inc(values, value)
      },
    })
  }
  const durations: HistogramSource = {
    name: 'turnpike_read_duration_seconds',
    help: "From a read's start to the end of its body",
    boundsMs: DURATION_BUCKETS_MS,
    read: () => ({ counts: counts.durations, sumMs: counts.durationMsSum }),
  }
  for (const source of [durations, ...(sources.histograms ?? [])])
    registry.registerMetric(histogramMetric(source) as unknown as Counter)
  for (const { name, help, value } of sources.gauges) {
    const gauge = new Gauge({ name, help, registers: [registry] })
    Object.assign(gauge, { collect: async () => gauge.set(await value()) })
  }
  for (const source of sources.labelled ?? []) register(source, registry)
  return {
    contentType: registry.contentType,
    async text() {
      counts = sumSnapshots(await sources.snapshots())
      return registry.metrics()
    },
  }
}

function register({ kind, name, help, labels, samples }: LabelledSource, registry: Registry): void {
  const options = { name, help, labelNames: labels, registers: [registry] }
  const metric = kind === 'counter' ? new Counter(options) : new Gauge(options)
  Object.assign(metric, {
    async collect() {
      const now = await samples()
      metric.reset()
      // What has no labels is reset to 0, which nobody said.
      if (labels.length === 0) metric.remove({})
      for (const [values, value] of now) metric.inc(values, value)
    },
  })
}
