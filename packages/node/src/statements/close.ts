/**
 * Closes months: makes their statements for good, once their hours are over.
 * @module
 */
import { join } from 'node:path'
import { carriedInto, carriedOut } from '@turnpike/accounting/quota/opening'
import type { Carried, QuotaSources } from '@turnpike/accounting/quota/sources'
import type { LogState } from '@turnpike/accounting/state'
import { buildAll } from '@turnpike/accounting/statement/build'
import type { StatementFault } from '@turnpike/accounting/statement/sources'
import type { Statement } from '@turnpike/accounting/statement/statement'
import { digestText } from '@turnpike/accounting/statement/text'
import { epochOf } from '@turnpike/core/billing/epoch'
import { periodAfter, periodOf, type Period } from '@turnpike/core/billing/period'
import { storedUntil } from '@turnpike/core/billing/storage'
import { fail, ok, type Result } from '@turnpike/core/result'
import type { AccountingStopped } from '../accounting/fault.ts'
import { SqliteGiven } from '../quota/given.ts'
import { ClosedBooks, type ClosedPeriod, type ClosedStatement } from './closed.ts'
import { accountFileName, FolderInMaking, statementsFolder } from './files.ts'
import { jsonOf, STATEMENT_FORMATS, textOf } from './make.ts'
import { hasSameHours } from './same-hours.ts'
import { announce } from './webhook.ts'
import { withSources, type OpenSources, type StatementParts } from './sources.ts'

/** Name of the summary's files. No account is called so. */
const SUMMARY_NAME = 'all'

/** What closing did: the month that it closed, if there was one to be closed. */
export interface Closing {
  readonly closed: ClosedPeriod | undefined
}

/**
 * Closes the oldest month that is over and not closed, if any: its files first, while the log goes
 * on, then all of it in one transaction. After a crash in between it is made again, with the same
 * bytes.
 *
 * @example
 * const { ok: closing, error } = await closeNext(parts)
 */
export async function closeNext(
  parts: StatementParts,
): Promise<Result<Closing, AccountingStopped | StatementFault>> {
  const books = new ClosedBooks(parts.billing)
  // Nearly always the month goes on, and there is nothing to be asked.
  const next = periodAfterLast(books)
  if (next !== undefined && storedUntil(parts.clock.nowMs()) < next.endEpoch)
    return ok({ closed: undefined })
  const closing = await withSources(parts, async (sources, { log }) => {
    const period = await nextPeriod(sources, books)
    if (period === undefined || !isOver(period, log, parts)) return ok({ closed: undefined })
    return close(parts, sources, books, period)
  })
  return closing.error === undefined ? closing.ok : closing
}

/** The month after the last that was closed, or the first in which anything happened. */
async function nextPeriod(
  { statements }: OpenSources,
  books: ClosedBooks,
): Promise<Period | undefined> {
  const next = periodAfterLast(books)
  if (next !== undefined) return next
  const { ledger, storage, owners, storedUntil: endEpoch } = statements
  const first: number[] = []
  const { epochs } = await ledger.query({ firstEpoch: 0, endEpoch: Number.MAX_SAFE_INTEGER })
  if (epochs !== undefined) first.push(epochs.first)
  for await (const { epoch } of storage.hours({ firstEpoch: 0, endEpoch })) {
    first.push(epoch)
    break
  }
  for (let after: string | undefined; ;) {
    const customers = await owners.customers(after)
    if (customers.length === 0) break
    for (const { createdMs } of customers) first.push(epochOf(createdMs))
    after = customers.at(-1)!.did
  }
  return first.length === 0 ? undefined : periodOf(Math.min(...first))
}

function periodAfterLast(books: ClosedBooks): Period | undefined {
  const last = books.last()
  return last && periodAfter(last.period)
}

/** Whether nothing can enter a month any more, neither by the log nor by storage. */
function isOver({ endEpoch }: Period, { open }: LogState, { clock }: StatementParts): boolean {
  if (open !== null && open.epoch < endEpoch) return false
  return storedUntil(clock.nowMs()) >= endEpoch
}

async function close(
  parts: StatementParts,
  { statements, quota }: OpenSources,
  books: ClosedBooks,
  period: Period,
): Promise<Result<Closing, AccountingStopped | StatementFault>> {
  const folder = await FolderInMaking.begin(join(statementsFolder(parts.dataDir), period.name))
  const closing: ClosedStatement[] = []
  const carried = new Map<string, Carried>()
  const query = { period, asOfEntry: null }
  const built = await buildAll(statements, query, async (statement, json, digest) => {
    const name = accountFileName(statement.account)
    for (const format of STATEMENT_FORMATS)
      await folder.write(`${name}.${format}`, textOf(statement, format, { json, digest }))
    closing.push({ account: statement.account, digest })
    const out = await carriedOutOf(statement, quota)
    if (out !== undefined) carried.set(statement.account, out)
  })
  if (built.error !== undefined) {
    await folder.discard()
    return fail(built.error)
  }
  const summary = built.ok
  const json = jsonOf(summary)
  const digest = digestText(parts.hasher, json)
  for (const format of STATEMENT_FORMATS)
    await folder.write(`${SUMMARY_NAME}.${format}`, textOf(summary, format, { json, digest }))
  const { gateway } = statements
  const closed = { period, closedMs: parts.clock.nowMs(), gateway, digest }
  const given = new SqliteGiven(parts.billing)
  return parts.host.settled(async (log) => {
    const { ledger } = statements
    if (!isOver(period, log, parts) || !(await hasSameHours(parts.ledger, ledger, period))) {
      await folder.discard()
      return { closed: undefined }
    }
    await folder.publish()
    books.close(closed, closing, () => {
      for (const [customer, out] of carried) given.keepCarried(customer, period.name, out)
      announce(parts, summary, digest)
    })
    return { closed }
  })
}

/** What a customer takes into the next month; undefined for our own accounts. */
async function carriedOutOf(
  { account, period, bill }: Statement,
  quota: QuotaSources,
): Promise<Carried | undefined> {
  const customer = bill === null ? undefined : await quota.owners.customer(account)
  if (bill === null || customer === undefined) return undefined
  const before = await carriedInto(quota, customer, period)
  if (before.error !== undefined) throw before.error
  return carriedOut(bill, before.ok)
}
