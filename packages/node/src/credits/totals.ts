/**
 * What was issued in all, for metrics.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { MICROS } from '@turnpike/core/billing/money'
import { LIMIT_REASONS } from '@turnpike/core/credits/issuance'
import { CREDIT_REGION_LABELS_MAX } from '@turnpike/core/limits/credits'
import type { Operations } from '../control/server.ts'
import type { LabelledSource, Sample } from '../metrics/metrics.ts'
import { rowsOf } from './rows.ts'
import { poolOf } from './sums.ts'

/** Totals, in credits; doubles, as metrics have them. */
export interface CreditTotals {
  readonly pool: number
  /** Issued for reads, by region. */
  readonly issued: readonly (readonly [region: string, credits: number])[]
  /** How many issuances were less than what was earned, by reason. */
  readonly limited: readonly (readonly [reason: string, issuances: number])[]
}

/** Name under which regions beyond the bound are summed. */
export const OTHER_REGIONS = 'other'

/** The totals now. */
export function creditTotals(database: DatabaseSync): CreditTotals {
  // Regions keep the label that they have had from the start, or counters would go back.
  const regions = rowsOf(
    database,
    `SELECT CASE WHEN number <= ?1 THEN region ELSE ?2 END AS label, sum(issued) AS issued
     FROM credit_regions GROUP BY label ORDER BY min(number)`,
    CREDIT_REGION_LABELS_MAX,
    OTHER_REGIONS,
  )
  const limits = new Map(
    rowsOf(database, 'SELECT reason, times FROM credit_limits').map((row) => [
      row['reason'],
      Number(row['times']),
    ]),
  )
  return {
    pool: creditsOf(poolOf(database)),
    issued: regions.map((row) => [String(row['label']), creditsOf(row['issued'] as bigint)]),
    limited: LIMIT_REASONS.map((reason) => [reason, limits.get(reason) ?? 0]),
  }
}

/**
 * Metrics of credits, of the deployment's operations. They are silent while accounting is.
 *
 * @example
 * createMetrics({ snapshots, gauges, labelled: creditMetrics(turnpike.operations) })
 */
export function creditMetrics(operations: Operations): readonly LabelledSource[] {
  const totals = async (): Promise<CreditTotals | undefined> => {
    const call = { signal: new AbortController().signal, progress() {} }
    const { ok } = await operations['creditTotals']!({}, call)
    return ok as CreditTotals | undefined
  }
  return [
    {
      kind: 'counter',
      name: 'turnpike_credit_issued_total',
      help: 'Credits that were issued',
      labels: ['source', 'region'],
      samples: async () =>
        ((await totals())?.issued ?? []).map(([region, credits]): Sample => [
          { source: 'read', region },
          credits,
        ]),
    },
    {
      kind: 'counter',
      name: 'turnpike_credit_issue_limited_total',
      help: 'Epochs for which less was issued than was earned, by reason',
      labels: ['reason'],
      samples: async () =>
        ((await totals())?.limited ?? []).map(([reason, times]): Sample => [{ reason }, times]),
    },
    {
      kind: 'gauge',
      name: 'turnpike_credit_pool',
      help: 'Credits that are not issued yet',
      labels: [],
      samples: async () => {
        const now = await totals()
        return now === undefined ? [] : [[{}, now.pool]]
      },
    },
  ]
}

function creditsOf(micros: bigint): number {
  return Number(micros) / Number(MICROS)
}
