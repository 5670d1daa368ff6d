/**
 * Reports about usage as JSON and CSV: what commands and the admin listener answer.
 * @module
 */
import { csvText } from '../csv.ts'
import type { UsageBy } from '../ports/ledger.ts'

/** How a report may be split into rows. */
export type ReportBy = UsageBy | 'customer'

/** A count: a decimal string where a number would not be exact. */
export type CountJson = number | string

/** Sums of a report. */
export interface SumsJson {
  readonly reads: number
  readonly bytes: CountJson
  readonly bytesDelivered: CountJson
  readonly bytesFetched: CountJson
  readonly bytesVoided: CountJson
  readonly denied: number
  readonly errors: number
  /** What is billed: `bytes` less `bytesVoided`. */
  readonly egressBytes: CountJson
  readonly storageByteMs: CountJson
}

/** A report for `JSON.stringify`; times are in ISO 8601. */
export interface ReportJson extends SumsJson {
  readonly customer?: string
  readonly space?: string
  /** Whole hours; null where nothing was read and no bounds were given. */
  readonly period: { readonly from: string; readonly to: string } | null
  /** Until when storage is in it; later hours may still change. */
  readonly storedUntil: string
  /** What is stored at the end of the period, or now, where that is still to come. */
  readonly storedBytes: CountJson
  readonly asOfEntry: number
  readonly complete: boolean
  readonly by?: ReportBy
  readonly rows?: readonly (SumsJson & { readonly key: string })[]
  readonly rowsLeftOff?: number
  /** Rows by CID say nothing of the time before. */
  readonly rowsFrom?: string
}

/** Columns of CSV, in the words of statements, and where they come from. */
const COLUMNS = {
  egress_bytes: 'egressBytes',
  delivered_bytes: 'bytes',
  voided_bytes: 'bytesVoided',
  storage_byte_ms: 'storageByteMs',
  fetched_bytes: 'bytesFetched',
  reads: 'reads',
  denied: 'denied',
} as const

/**
 * The rows of a report as CSV, or its sums as one record. Where rows were left off, a last one sums
 * them up, so that columns add up to the total all the same.
 *
 * @example
 * await writeFile('usage.csv', reportCsv(report))
 */
export function reportCsv(report: ReportJson): string {
  const { by, rows, rowsLeftOff = 0 } = report
  const names = Object.values(COLUMNS)
  const record = (key: string, sums: SumsJson): string[] => [
    key,
    report.period?.from ?? '',
    report.period?.to ?? '',
    ...names.map((name) => String(sums[name])),
  ]
  const records = rows?.map((row) => record(row.key, row)) ?? [record('total', report)]
  if (rows !== undefined && rowsLeftOff > 0) {
    const left = names.map((name) =>
      String(rows.reduce((sum, row) => sum - BigInt(row[name]), BigInt(report[name]))),
    )
    records.push([...record(`${rowsLeftOff} more`, report).slice(0, 3), ...left])
  }
  return csvText([[by ?? 'usage', 'from', 'to', ...Object.keys(COLUMNS)], ...records])
}
