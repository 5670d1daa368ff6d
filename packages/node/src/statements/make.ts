/**
 * Makes a statement when somebody asks for it: a draft of a month that is open, or a closed month's
 * again, which has to come out as it was.
 * @module
 */
import { buildAll, buildStatement } from '@turnpike/accounting/statement/build'
import { statementCsv, summaryCsv } from '@turnpike/accounting/statement/csv'
import { statementHtml, summaryHtml } from '@turnpike/accounting/statement/html'
import { statementJson, summaryJson } from '@turnpike/accounting/statement/json'
import type { StatementFault } from '@turnpike/accounting/statement/sources'
import { OPERATOR, SUSPENSE } from '@turnpike/accounting/statement/statement'
import type { Statement, Summary } from '@turnpike/accounting/statement/statement'
import { digestText } from '@turnpike/accounting/statement/text'
import type { Period } from '@turnpike/core/billing/period'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import type { AccountingStopped } from '../accounting/fault.ts'
import { ClosedBooks } from './closed.ts'
import { withSources, type StatementParts } from './sources.ts'

/** Forms that statements have. */
export const STATEMENT_FORMATS = ['json', 'csv', 'html'] as const

/** Form of a statement. */
export type StatementFormat = (typeof STATEMENT_FORMATS)[number]

/** A statement as text in one form, with the digest of its JSON. */
export interface MadeStatement {
  readonly text: string
  readonly digest: string
  readonly status: 'draft' | 'final'
}

/** A closed month came out otherwise than when it was closed. What was closed holds. */
export class StatementChanged extends Error {
  override readonly name = 'StatementChanged'
  readonly account: string
  constructor(period: string, account: string, closed: string, now: string) {
    super(
      `statement ${period} of ${account} expected SHA-256 ${closed} as when closed, got ${now}: ` +
        'look for plans, grants or owners that were changed for a month that was over, and run ' +
        'turnpike audit ledger',
    )
    this.account = account
  }
}

/** Names of the accounts that nobody pays. */
export const OUR_ACCOUNTS: readonly string[] = [OPERATOR, SUSPENSE]

/** Name of the summary of all accounts, where an account is named. */
export const ALL_ACCOUNTS = 'all accounts'

/** Which statement, in which form. */
export interface MakeQuery {
  readonly period: Period
  /** Absent for the summary of all accounts. */
  readonly account?: string | undefined
  readonly format: StatementFormat
}

/**
 * Makes a statement as of everything that was read so far.
 *
 * @example
 * const made = await makeStatement(parts, { period, account, format: 'json' })
 */
export async function makeStatement(
  parts: StatementParts,
  { period, account, format }: MakeQuery,
): Promise<Result<MadeStatement, AccountingStopped | StatementFault | StatementChanged>> {
  const books = new ClosedBooks(parts.billing)
  const made = await withSources(parts, async ({ statements }, { log }) => {
    const closed = books.period(period.name)
    const query = { period, asOfEntry: closed === undefined ? log.size : null }
    const before =
      account === undefined ? closed?.digest : closed && books.digest(period.name, account)
    // A closed month names the gateway as it was called then.
    const sources = { ...statements, gateway: closed?.gateway ?? statements.gateway }
    const built =
      account === undefined
        ? await buildAll(sources, query, async () => {})
        : await buildStatement(sources, account, query)
    if (built.error !== undefined) return built
    const { status } = built.ok
    const json = jsonOf(built.ok)
    const digest = digestText(parts.hasher, json)
    if (before === undefined || before === digest)
      return ok({ text: textOf(built.ok, format, { json, digest }), digest, status })
    const name = account ?? ALL_ACCOUNTS
    return fail(new StatementChanged(period.name, name, before, digest))
  })
  return made.error === undefined ? made.ok : made
}

/** A statement, or the summary of all, as JSON. */
export function jsonOf(made: Statement | Summary): string {
  return 'accounts' in made ? summaryJson(made) : statementJson(made)
}

/** A statement, or the summary of all, in one form, of its JSON and the digest of that. */
export function textOf(
  made: Statement | Summary,
  format: StatementFormat,
  { json, digest }: { readonly json: string; readonly digest: string },
): string {
  const isSummary = 'accounts' in made
  switch (format) {
    case 'json':
      return json
    case 'csv':
      return isSummary ? summaryCsv(made) : statementCsv(made)
    case 'html':
      return isSummary ? summaryHtml(made, digest) : statementHtml(made, digest)
  }
}
