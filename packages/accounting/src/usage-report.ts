/**
 * Usage as operators see it: what was read and stored, of all or of one customer or space.
 * @module
 */
import { noCounts } from '@turnpike/core/billing/counts'
import { EPOCH_MS, epochOf } from '@turnpike/core/billing/epoch'
import { endOf, type EpochSpan } from '@turnpike/core/billing/ownership'
import type { ReportBy } from '@turnpike/core/billing/usage-json'
import { USAGE_ROWS_MAX } from '@turnpike/core/limits/log'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { LedgerUnit } from '@turnpike/core/ports/ledger'
import { AccountNotFound, SpaceUnauthorized } from '@turnpike/core/ports/usage'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import { billedOf, type UsageSums } from './billed.ts'
import { OPERATOR, SUSPENSE } from './statement/statement.ts'
import type { StatementSources } from './statement/sources.ts'
import { epochsOf, timeText, usageAnswer } from './usage.ts'
import type { UsageAnswer, UsagePeriod, UsageQuery } from './usage.ts'
import { byBytes, cut, isSome, rest, rowFrom, sumsFrom, type ReportRow } from './usage-rows.ts'

/** What is asked. Bounds are taken to whole hours. */
export interface ReportQuery extends Pick<UsageQuery, 'sinceMs' | 'untilMs'> {
  readonly by?: ReportBy | undefined
  /** Only what is billed to this customer in these hours. */
  readonly customer?: string | undefined
  /** Only this space; with a customer, only as far as it is theirs. */
  readonly space?: string | undefined
}

/** What reports are made from: the sources of statements, all as of one moment. */
export type ReportSources = Pick<
  StatementSources,
  'ledger' | 'storage' | 'owners' | 'operators' | 'storedUntil' | 'breathe'
>

/** How far the log is counted. */
export interface AsOf {
  readonly size: number
  readonly more: boolean
}

/** Sums over a period. */
export interface UsageReport extends Omit<UsageAnswer, 'rows'>, UsageSums {
  readonly customer: string | undefined
  readonly space: string | undefined
  /** First hour whose storage is not in it, since it may still change. */
  readonly storedUntil: number
  /** Bytes that are stored at the end of the period, or now, where that is still to come. */
  readonly storedBytes: bigint
  readonly rows: readonly ReportRow[] | undefined
}

/** These rows are not kept for a customer or a space. */
export class SplitUnknown extends Error {
  override readonly name = 'SplitUnknown'
}

/** Why there is no report. */
export type ReportRefused = AccountNotFound | SpaceUnauthorized | SplitUnknown

/** Sums, and their rows. */
interface Summed {
  readonly total: UsageSums
  readonly rows: readonly ReportRow[]
  readonly rowsLeftOff: number
}

/**
 * Makes a report. By customer, rows are what their statements of these hours say: hours that lay in
 * suspense before count for who was found to own them, and go from `suspense`, which may come below
 * zero; so rows add up to the total.
 *
 * @example
 * const report = await usageReport({ customer, by: 'day' }, sources, { size, more: false })
 */
export async function usageReport(
  query: ReportQuery,
  sources: ReportSources,
  asOf: AsOf,
): Promise<Result<UsageReport, ReportRefused>> {
  const { by, customer, space } = query
  const range = epochsOf(query)
  const narrow = customer !== undefined || space !== undefined
  const ledgerBy = narrow || by === 'customer' ? undefined : by
  const answer = await sources.ledger.query({ ...range, by: ledgerBy })
  const whole = usageAnswer({ ...query, by: ledgerBy }, answer, asOf)
  const { firstEpoch } = range
  const endEpoch = Math.min(range.endEpoch, sources.storedUntil)
  const stored = firstEpoch < endEpoch ? { firstEpoch, endEpoch } : undefined
  const summed = await sumsOf({ by, customer, space, range, stored, whole, sources })
  if (summed.error) return summed
  const { total, rows, rowsLeftOff } = summed.ok
  return ok({
    ...whole,
    ...total,
    period: await periodOf(query, whole, sources),
    customer,
    space,
    storedUntil: sources.storedUntil,
    storedBytes: await storedAt(query, sources),
    rows: by && rows,
    rowsLeftOff,
  })
}

/** The hours that are summed: of reads, and of storage, which may begin before them. */
async function periodOf(
  { sinceMs, untilMs }: ReportQuery,
  { period }: UsageAnswer,
  { storage, storedUntil }: ReportSources,
): Promise<UsagePeriod | null> {
  const untilEpoch = untilMs === undefined ? storedUntil : Math.ceil(untilMs / EPOCH_MS)
  const [first] = await storage.deltas({ fromMs: 0, toMs: untilEpoch * EPOCH_MS }, 1)
  if (first === undefined) return period
  const stored = { fromMs: epochOf(sinceMs ?? first.atMs) * EPOCH_MS, toMs: untilEpoch * EPOCH_MS }
  return {
    fromMs: Math.min(stored.fromMs, period?.fromMs ?? Infinity),
    toMs: Math.max(stored.fromMs, stored.toMs, period?.toMs ?? 0),
  }
}

/** Bytes stored as a period ends: of a customer, in the spaces that were theirs just before. */
async function storedAt(
  { untilMs, customer, space }: ReportQuery,
  { storage, owners }: ReportSources,
): Promise<bigint> {
  const atMs = untilMs ?? Number.MAX_SAFE_INTEGER
  if (customer === undefined) return storage.sizeBytes(space as SpaceDid | undefined, atMs)
  let bytes = 0n
  for (const owned of await owners.ofCustomer(customer)) {
    const isTheirs = owned.firstEpoch * EPOCH_MS < atMs && endOf(owned) * EPOCH_MS >= atMs
    if (isTheirs && (space === undefined || owned.space === space))
      bytes += await storage.sizeBytes(owned.space, atMs)
  }
  return bytes
}

/** What one report is about. */
interface Scope {
  readonly by: ReportBy | undefined
  readonly customer: string | undefined
  readonly space: string | undefined
  readonly range: EpochSpan
  /** Hours of the range whose storage is final. */
  readonly stored: EpochSpan | undefined
  /** Everything, without storage. */
  readonly whole: UsageAnswer
  readonly sources: ReportSources
}

async function sumsOf(scope: Scope): Promise<Result<Summed, ReportRefused>> {
  const { by, customer, space } = scope
  if (customer === undefined && space === undefined)
    return ok(await (by === 'customer' ? byCustomer(scope) : ofAll(scope)))
  if (by === 'cid' || by === 'customer')
    return fail(new SplitUnknown(`rows by ${by} are of all spaces: leave out customer and space`))
  return customer === undefined ? ok(await ofSpace(scope, by)) : ofCustomer(scope, customer, by)
}

async function ofAll({ by, stored, whole, sources }: Scope): Promise<Summed> {
  const { storage } = sources
  const storageByteMs = stored === undefined ? 0n : (await storage.byteMs([stored]))[0]!
  const total = { ...sumsFrom(whole), storageByteMs }
  const rows = new Map<string, ReportRow>()
  for (const row of whole.rows ?? []) rows.set(row.key, rowFrom(row.key, row))
  const store = (key: string, byteMs: bigint): void => {
    const row = rows.get(key) ?? rowFrom(key, noCounts())
    rows.set(key, { ...row, storageByteMs: row.storageByteMs + byteMs })
  }
  if (stored !== undefined && isUnit(by)) {
    for (const { time, byteMs } of await storage.sums(stored, by)) store(timeText(by, time), byteMs)
  } else if (stored !== undefined && by === 'space')
    for await (const [space, byteMs] of storedBySpace(sources, stored)) store(space, byteMs)
  const sorted = [...rows.values()]
  if (isUnit(by)) sorted.sort((a, b) => (a.key < b.key ? -1 : 1))
  return { total, ...cut(sorted, whole.rowsLeftOff) }
}

/** Byte-milliseconds of spaces that stored something. */
async function* storedBySpace(
  { storage, breathe }: ReportSources,
  stored: EpochSpan,
): AsyncGenerator<[space: SpaceDid, byteMs: bigint]> {
  for (let after: SpaceDid | undefined; ;) {
    const spaces = await storage.spaces(USAGE_ROWS_MAX, after)
    if (spaces.length === 0) return
    for (const space of spaces) {
      const [byteMs] = await storage.byteMs([{ space, ...stored }])
      if (byteMs !== 0n) yield [space, byteMs!]
    }
    after = spaces.at(-1)
    await breathe()
  }
}

/** A space, whoever had it. */
async function ofSpace(
  { space, range, stored, sources }: Scope,
  by: LedgerUnit | 'space' | undefined,
): Promise<Summed> {
  const name = space as SpaceDid
  // As if one customer had had it for ever, VOIDs in the hour in which they came.
  const { total: counts, rows } = await sources.ledger.sums({
    spans: [{ space: name, ...range }],
    by: isUnit(by) ? by : undefined,
  })
  const span = stored && { space: name, ...stored }
  const storageByteMs = span === undefined ? 0n : (await sources.storage.byteMs([span]))[0]!
  const total = { ...counts, storageByteMs }
  if (!isUnit(by)) return { total, rows: [{ key: name, ...total }], rowsLeftOff: 0 }
  const byTime = new Map(rows.map((row) => [row.time, rowFrom(timeText(by, row.time), row)]))
  if (span !== undefined)
    for (const { time, byteMs } of await sources.storage.sums(span, by)) {
      const row = byTime.get(time) ?? rowFrom(timeText(by, time), noCounts())
      byTime.set(time, { ...row, storageByteMs: byteMs })
    }
  const sorted = [...byTime].toSorted(([a], [b]) => a - b).map(([, row]) => row)
  return { total, ...cut(sorted, 0) }
}

async function ofCustomer(
  { space, range, sources }: Scope,
  customer: string,
  by: LedgerUnit | 'space' | undefined,
): Promise<Result<Summed, ReportRefused>> {
  const { owners, operators } = sources
  if ((await owners.customer(customer)) === undefined) return fail(new AccountNotFound(customer))
  const theirs = await owners.ofCustomer(customer)
  const asked = theirs.filter((owned) => space === undefined || owned.space === space)
  if (space !== undefined && asked.length === 0) return fail(new SpaceUnauthorized(space, customer))
  const billable = asked.filter((owned) => !operators.has(owned.space))
  const split = isUnit(by) ? { by } : { bySpace: by === 'space' }
  const { total, rows } = await billedOf(sources, billable, range, split)
  const named = rows.map((row) => rowFrom(isUnit(by) ? timeText(by, row.time) : row.space, row))
  return ok({ total, ...cut(isUnit(by) ? named : named.toSorted(byBytes), 0) })
}

/** What is billed to each customer, what is the operator's own, and what is nobody's. */
async function byCustomer(scope: Scope): Promise<Summed> {
  const { range, sources } = scope
  const { total } = await ofAll({ ...scope, by: undefined })
  const { owners, operators } = sources
  const customers: ReportRow[] = []
  for (let after: string | undefined; ;) {
    const page = await owners.customers(after)
    if (page.length === 0) break
    for (const { did } of page) {
      const owned = (await owners.ofCustomer(did)).filter(({ space }) => !operators.has(space))
      const billed = await billedOf(sources, owned, range)
      if (isSome(billed.total)) customers.push(rowFrom(did, billed.total))
      await sources.breathe()
    }
    after = page.at(-1)!.did
  }
  const operator = rowFrom(OPERATOR, await ofOperator(scope))
  const suspense = { key: SUSPENSE, ...rest(total, [...customers, operator]) }
  const { rows, rowsLeftOff } = cut(customers.toSorted(byBytes), 0)
  return { total, rows: [...rows, operator, suspense], rowsLeftOff }
}

/** The operator's own: one space for each DID that the gateway has had. */
async function ofOperator({ range, stored, sources }: Scope): Promise<UsageSums> {
  const { operators, ledger, storage } = sources
  const spaces = [...operators] as SpaceDid[]
  const of = <Span>(span: Span) => spaces.map((space) => Object.assign({ space }, span))
  const { total } = await ledger.sums({ spans: of(range) })
  const byteMs = stored === undefined ? [] : await storage.byteMs(of(stored))
  return { ...total, storageByteMs: byteMs.reduce((sum, one) => sum + one, 0n) }
}

function isUnit(by: ReportBy | undefined): by is LedgerUnit {
  return by === 'hour' || by === 'day' || by === 'month'
}
