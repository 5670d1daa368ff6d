/**
 * Statements of storage nodes as JSON and CSV.
 * @module
 */
import { DAY_EPOCHS } from '@turnpike/core/billing/epoch'
import { dayText } from '@turnpike/core/billing/period'
import { countJson } from '@turnpike/core/billing/quantities'
import { csvText } from '@turnpike/core/csv'
import { moneyJson } from '../statement/text.ts'
import type { PayoutRow, PayoutStatement } from './statement.ts'

/**
 * A statement as JSON: the same text for the same statement.
 *
 * @example
 * payoutJson(await makePayout(query, deps))
 */
export function payoutJson(statement: PayoutStatement): string {
  const { gateway, provider, period, status, price, amount } = statement
  const value = {
    gateway,
    provider,
    period,
    status,
    receipts: statement.receipts,
    bytes: countJson(statement.bytes),
    fetchedBytes: countJson(statement.fetchedBytes),
    pricePerGib: price === undefined ? null : moneyJson(price),
    amount: amount === undefined ? null : moneyJson(amount),
    rows: statement.rows.map(rowJson),
  }
  return `${JSON.stringify(value, null, 2)}\n`
}

function rowJson({ day, space, receipts, bytes, fetchedBytes }: PayoutRow): object {
  return {
    date: dateOf(day),
    space,
    receipts,
    bytes: countJson(bytes),
    fetchedBytes: fetchedBytes === undefined ? null : countJson(fetchedBytes),
    differenceBytes: fetchedBytes === undefined ? null : countJson(bytes - fetchedBytes),
  }
}

const COLUMNS = ['date', 'space', 'receipts', 'bytes', 'fetched_bytes', 'difference_bytes']

/** A statement's rows as CSV. */
export function payoutCsv({ rows }: PayoutStatement): string {
  const records = rows.map(({ day, space, receipts, bytes, fetchedBytes }) => [
    dateOf(day),
    space,
    String(receipts),
    String(bytes),
    fetchedBytes === undefined ? '' : String(fetchedBytes),
    fetchedBytes === undefined ? '' : String(bytes - fetchedBytes),
  ])
  return csvText([COLUMNS, ...records])
}

function dateOf(day: number): string {
  return dayText(day * DAY_EPOCHS)
}
