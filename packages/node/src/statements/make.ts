/**
 * Makes a statement when somebody asks for it: a draft of a month that is open, or a closed month's
 * again, which has to come out as it was.
 * @module
 */
import { buildAll, buildStatement } from '@turnpike/accounting/statement/build'
import type { StatementQuery } from '@turnpike/accounting/statement/build'
import { statementCsv, summaryCsv } from '@turnpike/accounting/statement/csv'
import { statementHtml, summaryHtml } from '@turnpike/accounting/statement/html'
import { statementJson, summaryJson } from '@turnpike/accounting/statement/json'
import type { StatementFault, StatementSources } from '@turnpike/accounting/statement/sources'
import type { LogState } from '@turnpike/accounting/state'
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
  const made = await withSources(parts, async ({ statements }, { log }) => {
    const stated =
      account === undefined
        ? await stateAll(parts, statements, log, period)
        : await stateAccount(parts, statements, log, { period, account })
    if (stated.error !== undefined) return stated
    const { made: statement, json, digest } = stated.ok
    return ok({
      text: textOf(statement, format, { json, digest }),
      digest,
      status: statement.status,
    })
  })
  return made.error === undefined ? made.ok : made
}

/** A statement, or the summary of all, with its JSON and the digest of that. */
export interface Stated<S extends Statement | Summary> {
  readonly made: S
  readonly json: string
  readonly digest: string
}

type Books = Pick<StatementParts, 'billing' | 'hasher'>

/** The statement of one account, from sources that are open. */
export function stateAccount(
  parts: Books,
  sources: StatementSources,
  log: LogState,
  { period, account }: { readonly period: Period; readonly account: string },
): Promise<Result<Stated<Statement>, StatementFault | StatementChanged>> {
  const closed = new ClosedBooks(parts.billing).digest(period.name, account)
  return checked(parts, sources, { log, period, closed, account }, (from, query) =>
    buildStatement(from, account, query),
  )
}

function stateAll(
  parts: Books,
  sources: StatementSources,
  log: LogState,
  period: Period,
): Promise<Result<Stated<Summary>, StatementFault | StatementChanged>> {
  const closed = new ClosedBooks(parts.billing).period(period.name)?.digest
  return checked(parts, sources, { log, period, closed, account: ALL_ACCOUNTS }, (from, query) =>
    buildAll(from, query, async () => {}),
  )
}

async function checked<S extends Statement | Summary>(
  { billing, hasher }: Books,
  statements: StatementSources,
  about: {
    readonly log: LogState
    readonly period: Period
    /** Digest as the month was closed. */
    readonly closed: string | undefined
    readonly account: string
  },
  build: (sources: StatementSources, query: StatementQuery) => Promise<Result<S, StatementFault>>,
): Promise<Result<Stated<S>, StatementFault | StatementChanged>> {
  const { log, period, closed: before, account } = about
  const closed = new ClosedBooks(billing).period(period.name)
  // A closed month names the gateway as it was called then.
  const sources = { ...statements, gateway: closed?.gateway ?? statements.gateway }
  const built = await build(sources, { period, asOfEntry: closed === undefined ? log.size : null })
  if (built.error !== undefined) return built
  const json = jsonOf(built.ok)
  const digest = digestText(hasher, json)
  if (before === undefined || before === digest) return ok({ made: built.ok, json, digest })
  return fail(new StatementChanged(period.name, account, before, digest))
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
