/**
 * Metrics of receipts, of what accounting says about log and epochs.
 * @module
 */
import type { Operations } from '../control/server.ts'
import type { HistogramSource } from '../metrics/histogram.ts'
import type { LabelledSource, Sample } from '../metrics/metrics.ts'
import type { ReceiptCounts } from './receipt-counts.ts'

/** Upper bounds of the buckets of commits, in ms. */
export const COMMIT_BUCKETS_MS: readonly number[] = [
  1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000,
]

/** What metrics are made of. */
export interface ReceiptMetrics {
  readonly labelled: readonly LabelledSource[]
  readonly histograms: readonly HistogramSource[]
}

/**
 * Metrics of receipts. They are silent while accounting does not answer.
 *
 * @example
 * const { labelled, histograms } = receiptMetrics(turnpike.operations)
 */
export function receiptMetrics(operations: Operations): ReceiptMetrics {
  let asked: Promise<ReceiptCounts | undefined> | undefined
  // All metrics are read at once: they share one question.
  const counts = (): Promise<ReceiptCounts | undefined> => {
    asked ??= ask(operations).finally(() => {
      asked = undefined
    })
    return asked
  }
  const source = (
    kind: LabelledSource['kind'],
    name: string,
    help: string,
    samples: (now: ReceiptCounts) => readonly Sample[],
    labels: readonly string[] = [],
  ): LabelledSource => {
    const samplesNow = async (): Promise<readonly Sample[]> => {
      const now = await counts()
      return now === undefined ? [] : samples(now)
    }
    return { kind, name, help, labels, samples: samplesNow }
  }
  const labelled = [
    source('counter', 'turnpike_receipts_appended_total', 'Entries of the log', appended, ['type']),
    source('gauge', 'turnpike_receipt_wal_bytes', 'Bytes that journals take on disk', (now) => [
      [{}, now.walBytes],
    ]),
    source('gauge', 'turnpike_receipt_epoch_state', 'Epochs by their state', epochStates, [
      'state',
    ]),
    source(
      'gauge',
      'turnpike_receipt_anchor_lag_seconds',
      'Since when the oldest sealed epoch waits for its anchors; 0 when none does',
      (now) => [[{}, now.anchorLagMs / 1000]],
    ),
  ]
  const commits: HistogramSource = {
    name: 'turnpike_receipt_commit_seconds',
    help: 'Commits of the log, from the first file to what makes it count',
    boundsMs: COMMIT_BUCKETS_MS,
    read: async () => (await counts())?.commits,
  }
  return { labelled, histograms: [commits] }
}

const appended = (now: ReceiptCounts): readonly Sample[] =>
  Object.entries(now.appended).map(([type, count]) => [{ type }, count])

const epochStates = (now: ReceiptCounts): readonly Sample[] =>
  Object.entries(now.states).map(([state, count]) => [{ state }, count])

async function ask(operations: Operations): Promise<ReceiptCounts | undefined> {
  const call = { signal: new AbortController().signal, progress() {} }
  const { ok } = await operations['receiptCounts']!({}, call)
  return ok as ReceiptCounts | undefined
}
