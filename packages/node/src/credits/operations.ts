/**
 * What accounting does about credits.
 * @module
 */
import { epochOf } from '@turnpike/core/billing/epoch'
import { formatMicros, parseMicros } from '@turnpike/core/billing/money'
import { isCreditText, parseCreditPolicy } from '@turnpike/core/credits/parse-policy'
import { CREDIT_ROWS_MAX, CREDIT_TEXT_CHARS_MAX } from '@turnpike/core/limits/credits'
import { DID_CHARS_MAX } from '@turnpike/core/limits/ucan'
import { fail, ok, type Result } from '@turnpike/core/result'
import type { AccountingParts } from '../accounting/parts.ts'
import type { Operation } from '../control/server.ts'
import { InvalidParams } from '../owner/params.ts'
import { adoptPolicy, policiesAfter, policyAt, seedCredits, type CreditDecision } from './events.ts'
import { spendCredits } from './lots.ts'
import { creditTotals } from './totals.ts'
import {
  shownCredits,
  shownEvents,
  shownHolder,
  shownHolders,
  shownIssuances,
  shownPolicy,
  shownSpends,
  type ShownCredits,
  type ShownEvent,
  type ShownHolder,
  type ShownIssuance,
  type ShownPolicy,
  type ShownSpend,
} from './show.ts'

/** Name of one of the operations. */
export type CreditOperation =
  | 'creditBalance'
  | 'creditLs'
  | 'creditPolicy'
  | 'creditSeed'
  | 'creditSpend'
  | 'creditTotals'

/** What `creditSeed` answers. */
export interface CreditSeeded extends ShownCredits {
  readonly id: string
  readonly amount: string
  /** Whether it was not known before. */
  readonly added: boolean
}

/** What `creditPolicy` answers. */
export interface CreditPolicies {
  /** In this hour; null for none. */
  readonly inForce: ShownPolicy | null
  /** Of later hours, the first of them first. */
  readonly coming: readonly ShownPolicy[]
  /** Whether the one that was given was not known before. */
  readonly added?: boolean
}

/** What `creditSpend` answers. */
export interface CreditSpent {
  readonly id: string
  readonly provider: string
  readonly amount: string
  /** What is left. */
  readonly worth: string
  /** Whether it was not known before. */
  readonly spent: boolean
}

/** What `creditBalance` answers for all providers. */
export interface CreditBalances extends ShownCredits {
  readonly providers: readonly Pick<ShownHolder, 'provider' | 'worth'>[]
}

/** What `creditLs` lists. */
export type CreditList =
  | { readonly issuances: readonly ShownIssuance[] }
  | { readonly events: readonly ShownEvent[] }
  | { readonly spends: readonly ShownSpend[] }

type Fields = Readonly<Record<string, unknown>>

/**
 * Operations over open files. Parameters come as JSON: `creditSeed {id, amount, note?, from?}`,
 * `creditPolicy {}` or `{id, terms, note?, from?}`, `creditSpend {id, provider, amount, note?}`,
 * `creditBalance {provider?}`, `creditLs {what}` and `creditTotals {}`. Amounts are decimals, as
 * text; times are ISO 8601 and count by hours.
 */
export function creditOperations(
  parts: AccountingParts,
): Readonly<Record<CreditOperation, Operation>> {
  const by =
    (
      run: (parts: AccountingParts, fields: Fields) => Result<NonNullable<unknown>, Error>,
    ): Operation =>
    async (params) =>
      run(parts, (params ?? {}) as Fields)
  return {
    creditBalance: by(balance),
    creditLs: by(list),
    creditPolicy: by(policy),
    creditSeed: by(seed),
    creditSpend: by(spend),
    creditTotals: by(({ billing }) => ok(creditTotals(billing))),
  }
}

function seed(parts: AccountingParts, fields: Fields): Result<CreditSeeded, Error> {
  const { billing } = parts
  const decision = decisionOf(parts, fields)
  if (decision.error !== undefined) return decision
  const micros = amountOf(fields)
  if (micros.error !== undefined) return micros
  const seeded = seedCredits(billing, micros.ok.micros, decision.ok)
  if (seeded.error !== undefined) return seeded
  const { id } = decision.ok
  const amount = formatMicros(micros.ok.micros)
  return ok({ id, amount, ...seeded.ok, ...shownCredits(billing) })
}

function policy(parts: AccountingParts, fields: Fields): Result<CreditPolicies, Error> {
  const { billing } = parts
  let added: { readonly added: boolean } | undefined
  if (fields['terms'] !== undefined) {
    const decision = decisionOf(parts, fields)
    if (decision.error !== undefined) return decision
    const terms = parseCreditPolicy(fields['terms'])
    if (terms.error !== undefined) return terms
    const adopted = adoptPolicy(billing, terms.ok, decision.ok)
    if (adopted.error !== undefined) return adopted
    added = adopted.ok
  }
  const epoch = epochNow(parts)
  const inForce = policyAt(billing, epoch)
  return ok({
    inForce: inForce === undefined ? null : shownPolicy(inForce),
    coming: policiesAfter(billing, epoch, CREDIT_ROWS_MAX).map(shownPolicy),
    ...added,
  })
}

function spend(parts: AccountingParts, fields: Fields): Result<CreditSpent, Error> {
  const { billing, dating } = parts
  const { id } = fields
  if (!isCreditText(id)) return invalid('id', TEXT, id)
  const provider = providerOf(fields)
  if (provider.error !== undefined) return provider
  const micros = amountOf(fields)
  if (micros.error !== undefined) return micros
  const note = noteOf(fields)
  if (note.error !== undefined) return note
  const epoch = epochNow(parts)
  const given = { id, ...provider.ok, ...micros.ok, ...note.ok }
  const spent = spendCredits(billing, { ...given, epoch, atMs: dating.nowMs() })
  if (spent.error !== undefined) return spent
  const { worth } = shownHolder(billing, given.provider, epoch)
  const amount = formatMicros(given.micros)
  return ok({ id, provider: given.provider, amount, worth, ...spent.ok })
}

function balance(
  parts: AccountingParts,
  fields: Fields,
): Result<ShownHolder | CreditBalances, Error> {
  const { billing } = parts
  const epoch = epochNow(parts)
  if (fields['provider'] === undefined)
    return ok({ ...shownCredits(billing), providers: shownHolders(billing, epoch) })
  const provider = providerOf(fields)
  if (provider.error !== undefined) return provider
  return ok(shownHolder(billing, provider.ok.provider, epoch))
}

function list({ billing }: AccountingParts, { what }: Fields): Result<CreditList, Error> {
  switch (what) {
    case 'issuances':
      return ok({ issuances: shownIssuances(billing) })
    case 'events':
      return ok({ events: shownEvents(billing) })
    case 'spends':
      return ok({ spends: shownSpends(billing) })
    default:
      return invalid('what', 'issuances, events or spends', what)
  }
}

const TEXT = `1 to ${CREDIT_TEXT_CHARS_MAX} characters`
const HOUR = /^\d{4}-\d\d-\d\d(T\d\d:00(:00(\.000)?)?Z)?$/

function decisionOf(parts: AccountingParts, fields: Fields): Result<CreditDecision, InvalidParams> {
  const { id, from } = fields
  if (!isCreditText(id)) return invalid('id', TEXT, id)
  const note = noteOf(fields)
  if (note.error !== undefined) return note
  const fromMs = typeof from === 'string' && HOUR.test(from) ? Date.parse(from) : Number.NaN
  if (from !== undefined && Number.isNaN(fromMs))
    return invalid('from', 'a full hour, such as 2026-12-01T08:00Z', from)
  const epoch = from === undefined ? undefined : epochOf(fromMs)
  return ok({ id, ...note.ok, epoch, nowEpoch: epochNow(parts), nowMs: parts.dating.nowMs() })
}

function noteOf({ note = '' }: Fields): Result<{ readonly note: string }, InvalidParams> {
  if (note === '' || isCreditText(note)) return ok({ note })
  return invalid('note', TEXT, note)
}

function amountOf({ amount }: Fields): Result<{ readonly micros: bigint }, InvalidParams> {
  const micros = typeof amount === 'string' ? parseMicros(amount) : undefined
  if (micros !== undefined && micros > 0n) return ok({ micros })
  return invalid('amount', 'credits above 0, in decimals, as text: "2.50"', amount)
}

function providerOf({ provider }: Fields): Result<{ readonly provider: string }, InvalidParams> {
  const isDid =
    typeof provider === 'string' && provider.startsWith('did:') && provider.length <= DID_CHARS_MAX
  return isDid ? ok({ provider }) : invalid('provider', 'a DID', provider)
}

function epochNow({ dating }: AccountingParts): number {
  return epochOf(dating.nowMs())
}

function invalid(name: string, expected: string, got: unknown): { readonly error: InvalidParams } {
  return fail(new InvalidParams(`"${name}" expected ${expected}, got "${String(got)}"`))
}
