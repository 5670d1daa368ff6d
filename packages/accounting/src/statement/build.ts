/**
 * Makes statements: of one account, and of all together. The same sources give the same bytes.
 * @module
 */
import type { Period } from '@turnpike/core/billing/period'
import { QUANTITY_NAMES, quantitiesOf } from '@turnpike/core/billing/quantities'
import type { Quantities } from '@turnpike/core/billing/quantities'
import { epochOf } from '@turnpike/core/billing/epoch'
import { STATEMENT_LINES_MAX, STATEMENT_SPACES_MAX } from '@turnpike/core/limits/billing'
import type { Customer } from '@turnpike/core/ports/provisioning'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import { billOf, planStretches } from './bill.ts'
import { Gatherer, totalOf } from './gather.ts'
import { accountLines } from './lines.ts'
import { AccountUnknown, StatementUnbalanced } from './sources.ts'
import type { PlanUnknown, StatementFault, StatementSources } from './sources.ts'
import { OPERATOR, SUSPENSE } from './statement.ts'
import type { AccountTotal, Bill, HourTotal, Statement, Summary } from './statement.ts'
import { digestText } from './text.ts'
import { statementJson } from './json.ts'

/** Which month, and how sure it is. */
export interface StatementQuery {
  readonly period: Period
  /** For a draft, the log entries that the ledger has counted; null for a final statement. */
  readonly asOfEntry: number | null
  /** Lines and spaces that a statement lists; as many as the limits say when not given. */
  readonly linesMax?: number
  readonly spacesMax?: number
}

/**
 * The statement of one account. It never fails for its length: see `Gatherer`.
 *
 * @throws {RangeError} when usage lies in an hour in which the customer was not there yet
 * @example
 * const { ok: statement, error } = await buildStatement(sources, customer, { period, asOfEntry })
 */
export async function buildStatement(
  sources: StatementSources,
  account: string,
  query: StatementQuery,
): Promise<Result<Statement, StatementFault>> {
  const { period, asOfEntry } = query
  const { linesMax = STATEMENT_LINES_MAX, spacesMax = STATEMENT_SPACES_MAX } = query
  const isOurs = account === OPERATOR || account === SUSPENSE
  const customer = isOurs ? undefined : await sources.owners.customer(account)
  if (!isOurs && customer === undefined) return fail(new AccountUnknown(account))
  const gatherer = new Gatherer({ linesMax, spacesMax })
  for await (const ofSpace of accountLines(sources, account, period)) gatherer.add(ofSpace)
  const gathered = gatherer.gathered()
  const billed = customer && (await billFor(sources, customer, gathered.hours, period))
  if (billed?.error !== undefined) return billed
  return ok({
    status: asOfEntry === null ? 'final' : 'draft',
    period,
    gateway: sources.gateway,
    account,
    asOfEntry,
    bill: billed?.ok ?? null,
    ...gathered,
  })
}

async function billFor(
  sources: StatementSources,
  customer: Customer,
  hours: readonly HourTotal[],
  period: Period,
): Promise<Result<Bill, PlanUnknown>> {
  const terms = await sources.planTerms.plansOf(customer.did)
  const stretches = planStretches(customer, terms, sources.plans, period)
  if (stretches.error !== undefined) return stretches
  const opening = await sources.openings.opening(customer, period)
  if (opening.error !== undefined) return opening
  return ok(billOf(stretches.ok, hours, opening.ok, period))
}

/** Hears of each statement that a summary is made of. */
export type OnStatement = (statement: Statement, json: string, digest: string) => Promise<void>

/**
 * Makes the statements of all accounts, and the summary of them. They add up to what the ledger
 * has of these hours, or there are none.
 *
 * @example
 * const { ok: summary, error } = await buildAll(sources, { period, asOfEntry: null }, keep)
 */
export async function buildAll(
  sources: StatementSources,
  query: StatementQuery,
  onStatement: OnStatement,
): Promise<Result<Summary, StatementFault>> {
  const { period, asOfEntry } = query
  const accounts: AccountTotal[] = []
  for await (const account of accountsOf(sources, period)) {
    const built = await buildStatement(sources, account, query)
    if (built.error !== undefined) return built
    const json = statementJson(built.ok)
    const digest = digestText(sources.hasher, json)
    await onStatement(built.ok, json, digest)
    accounts.push({ account, digest, due: built.ok.bill?.due ?? [], ...built.ok.total })
  }
  const total = totalOf(accounts)
  const unbalanced = await check(sources, period, total)
  if (unbalanced !== undefined) return fail(unbalanced)
  const status = asOfEntry === null ? 'final' : 'draft'
  return ok({ status, period, gateway: sources.gateway, asOfEntry, total, accounts })
}

/** Customers who were there before the month was over, then our own accounts. */
async function* accountsOf({ owners }: StatementSources, period: Period): AsyncGenerator<string> {
  for (let after: string | undefined; ;) {
    const customers = await owners.customers(after)
    if (customers.length === 0) break
    for (const { did, createdMs } of customers) if (epochOf(createdMs) < period.endEpoch) yield did
    after = customers.at(-1)!.did
  }
  yield OPERATOR
  yield SUSPENSE
}

async function check(
  { ledger, storage, storedUntil }: StatementSources,
  period: Period,
  stated: Quantities,
): Promise<StatementUnbalanced | undefined> {
  const { firstEpoch, endEpoch } = period
  const { total } = await ledger.query({ firstEpoch, endEpoch })
  const until = { firstEpoch, endEpoch: Math.max(firstEpoch, Math.min(endEpoch, storedUntil)) }
  const [byteMs] = await storage.byteMs([until])
  const counted = quantitiesOf(total, byteMs!)
  for (const name of QUANTITY_NAMES)
    if (stated[name] !== counted[name])
      return new StatementUnbalanced(period.name, name, stated[name], counted[name])
  return undefined
}
