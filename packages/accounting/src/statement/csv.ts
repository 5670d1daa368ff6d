/**
 * Statements as CSV (RFC 4180): a header, then a record for each line.
 * @module
 */
import { formatMicros } from '@turnpike/core/billing/money'
import { addQuantities, negateQuantities, QUANTITY_NAMES } from '@turnpike/core/billing/quantities'
import type { Quantities } from '@turnpike/core/billing/quantities'
import { totalOf } from './gather.ts'
import type { Statement, Summary } from './statement.ts'
import { timeWriter } from './text.ts'

/** Of `QUANTITY_NAMES`. */
const COLUMNS: readonly string[] = [
  'egress_bytes',
  'delivered_bytes',
  'voided_bytes',
  'storage_byte_ms',
  'fetched_bytes',
  'reads',
  'denied',
]

/**
 * The lines of a statement: `hour` is when it was read, `billed` the hour in which it counts; or
 * `day`, where lines are by day. A last record without either is the sum of lines that were left
 * off, so that records always add up.
 *
 * @example
 * await writeFile('2026-11.csv', statementCsv(statement))
 */
export function statementCsv(statement: Statement): string {
  const { account, total, lines, linesBy, linesLeftOff } = statement
  const timeText = timeWriter(linesBy)
  const records = lines.map((line) => {
    const { space, epoch, billedEpoch } = line
    return record([account, space, timeText(epoch), timeText(billedEpoch)], line)
  })
  if (linesLeftOff > 0) {
    const rest = addQuantities(total, negateQuantities(totalOf(lines)))
    records.push(record([account, `${linesLeftOff} lines left off`, '', ''], rest))
  }
  return csv(['account', 'space', linesBy, 'billed', ...COLUMNS], records)
}

/** The accounts of a summary: one record for each account and currency. */
export function summaryCsv({ accounts }: Summary): string {
  const records = accounts.flatMap((one) => {
    const used = record([one.account], one)
    return one.due.length === 0
      ? [`${used},,`]
      : one.due.map(({ currency, micros }) => `${used},${currency},${formatMicros(micros)}`)
  })
  return csv(['account', ...COLUMNS, 'currency', 'due'], records)
}

/** Texts, then numbers, which need no quotes. */
function record(texts: readonly string[], quantities: Quantities): string {
  const numbers = QUANTITY_NAMES.map((name) => quantities[name])
  return `${texts.map(field).join(',')},${numbers.join(',')}`
}

function csv(header: readonly string[], records: readonly string[]): string {
  return [header.join(','), ...records, ''].join('\r\n')
}

function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
