/**
 * Reports about usage as JSON.
 * @module
 */
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { countJson, egressBytesOf } from '@turnpike/core/billing/quantities'
import type { ReportBy, ReportJson, SumsJson } from '@turnpike/core/billing/usage-json'
import type { UsageSums } from './billed.ts'
import type { UsageReport } from './usage-report.ts'
import { countsJson } from './usage.ts'

/**
 * A report as JSON.
 *
 * @example
 * console.log(JSON.stringify(reportJson(report, 'day')))
 */
export function reportJson(report: UsageReport, by: ReportBy | undefined): ReportJson {
  const { customer, space, period, rows, rowsFromMs } = report
  return {
    ...(customer !== undefined && { customer }),
    ...(space !== undefined && { space }),
    ...sumsJson(report),
    period: period && { from: iso(period.fromMs), to: iso(period.toMs) },
    storedUntil: iso(report.storedUntil * EPOCH_MS),
    storedBytes: countJson(report.storedBytes),
    asOfEntry: report.asOfEntry,
    complete: report.complete,
    ...(by !== undefined && { by }),
    ...(rows && {
      rows: rows.map((row) => Object.assign({ key: row.key }, sumsJson(row))),
      rowsLeftOff: report.rowsLeftOff,
      ...(rowsFromMs !== null && { rowsFrom: iso(rowsFromMs) }),
    }),
  }
}

function sumsJson(sums: UsageSums): SumsJson {
  return {
    ...(countsJson(sums) as Omit<SumsJson, 'egressBytes' | 'storageByteMs'>),
    egressBytes: countJson(egressBytesOf(sums)),
    storageByteMs: countJson(sums.storageByteMs),
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
