/**
 * What accounting does about quotas, grants and balances.
 * @module
 */
import { quotaOf, type CustomerQuota } from '@turnpike/accounting/quota/quota'
import { parseSize, SIZE_EXPECTED } from '@turnpike/core/billing/byte-size'
import { EPOCH_MS, epochOf } from '@turnpike/core/billing/epoch'
import { isCurrency, parseMicros } from '@turnpike/core/billing/money'
import { periodOf } from '@turnpike/core/billing/period'
import {
  CREDIT_MICROS_MAX,
  CREDITS_LISTED_MAX,
  GIVEN_ID_CHARS_MAX,
  GRANT_PRIORITY_MAX,
  QUOTA_ASKED_MAX,
} from '@turnpike/core/limits/billing'
import { type Customer, CustomerUnknown } from '@turnpike/core/ports/provisioning'
import { fail, ok, type Result } from '@turnpike/core/result'
import type { AccountingParts } from '../accounting/parts.ts'
import type { Operation } from '../control/server.ts'
import { InvalidParams } from '../owner/params.ts'
import { accountJson, type AccountJson } from './account-json.ts'
import type { GivenGrant } from './given.ts'
import { openQuotas, type FolderQuotas } from './sources.ts'
import { shownCredit, shownGrant, shownQuota, type ShownCredit, type ShownGrant } from './show.ts'

/** Name of one of the operations. */
export type QuotaOperation =
  | 'balanceCredit'
  | 'balanceShow'
  | 'grantAdd'
  | 'grantLs'
  | 'grantVoid'
  | 'quota'
  | 'quotaAccounts'

/** What `grantAdd` and `grantVoid` answer. */
export interface GrantChanged extends ShownGrant {
  readonly customer: string
  /** Whether it was not there before. */
  readonly added?: boolean
}

/** What `balanceCredit` and `balanceShow` answer. */
export interface ShownBalance {
  readonly customer: string
  /** What is left, and what was paid in, by currency. */
  readonly balance: { readonly amount: string; readonly currency: string }
  readonly credits: readonly ShownCredit[]
  /** Whether the payment was not known before. */
  readonly credited?: boolean
}

type Fields = Readonly<Record<string, unknown>>

/** What the operations work with. */
interface Desk {
  readonly parts: AccountingParts
  readonly quotas: FolderQuotas
}

/**
 * Operations over open files. Parameters come as JSON: `quota {customer}`, `quotaAccounts
 * {customers}`, `grantAdd {customer, bytes, id?, priority?, from?, until?}`, `grantLs {customer}`,
 * `grantVoid {id}`, `balanceCredit {customer, source, id, amount, currency}` and `balanceShow
 * {customer}`. Times are ISO 8601 and count by hours.
 */
export function quotaOperations(
  parts: AccountingParts,
): Readonly<Record<QuotaOperation, Operation>> {
  const desk: Desk = { parts, quotas: openQuotas({ ...parts, clock: parts.dating }) }
  const by =
    (run: (desk: Desk, fields: Fields) => ReturnType<Operation>): Operation =>
    (params) =>
      run(desk, (params ?? {}) as Fields)
  return {
    balanceCredit: by(balanceCredit),
    balanceShow: by(balanceShow),
    grantAdd: by(grantAdd),
    grantLs: by(grantLs),
    grantVoid: by(grantVoid),
    quota: by(quota),
    quotaAccounts: by(quotaAccounts),
  }
}

async function quota(desk: Desk, { customer }: Fields): ReturnType<Operation> {
  const found = await currentQuota(desk, customer)
  return found.error === undefined ? ok(shownQuota(found.ok)) : found
}

async function currentQuota(
  { parts, quotas }: Desk,
  did: unknown,
): Promise<Result<CustomerQuota, Error>> {
  const customer = customerOf(quotas, did)
  if (customer.error !== undefined) return customer
  const caughtUp = await parts.host.catchUp()
  if (caughtUp.error !== undefined) return caughtUp
  const found = await quotaOf(quotas.sources(), customer.ok, quotas.epoch())
  if (found.error !== undefined) return found
  const { quota: own } = found.ok
  return own === undefined ? fail(new CustomerUnknown(customer.ok.did)) : ok(own)
}

/** Quotas of customers for those who watch them: as far as their reads can be refused. */
async function quotaAccounts(
  { parts, quotas }: Desk,
  { customers }: Fields,
): ReturnType<Operation> {
  if (!Array.isArray(customers) || customers.length > QUOTA_ASKED_MAX)
    return invalid('customers', `at most ${QUOTA_ASKED_MAX} DIDs`, typeof customers)
  const caughtUp = await parts.host.catchUp()
  if (caughtUp.error !== undefined) return caughtUp
  const sources = quotas.sources()
  const epoch = quotas.epoch()
  const accounts: [string, AccountJson][] = []
  for (const did of customers as readonly unknown[]) {
    const customer = quotas.owners.customer(String(did))
    if (customer === undefined) continue
    // Of a customer on a plan that is gone nothing can be said: that is no fault of the others.
    const { ok: found } = await quotaOf(sources, customer, epoch)
    if (found?.quota !== undefined) accounts.push([customer.did, accountJson(found.quota)])
  }
  return ok({ accounts })
}

async function grantAdd({ parts, quotas }: Desk, fields: Fields): ReturnType<Operation> {
  const customer = customerOf(quotas, fields['customer'])
  if (customer.error !== undefined) return customer
  const bytes = parseSize(fields['bytes'])
  if (bytes === undefined) return invalid('bytes', SIZE_EXPECTED, fields['bytes'])
  const { priority = 0, id = newId(parts) } = fields
  if (!isWhole(priority) || priority > GRANT_PRIORITY_MAX)
    return invalid('priority', `0 to ${GRANT_PRIORITY_MAX}`, priority)
  if (!isId(id)) return invalid('id', `1 to ${GIVEN_ID_CHARS_MAX} characters`, id)
  const now = quotas.epoch()
  const firstEpoch = fields['from'] === undefined ? now : epochOfIso(fields['from'], 0)
  if (firstEpoch === undefined || firstEpoch < periodOf(now).firstEpoch)
    return invalid('from', 'a time in this month or later', fields['from'])
  const until = fields['until'] ?? undefined
  const endEpoch = until === undefined ? undefined : epochOfIso(until, EPOCH_MS - 1)
  if (until !== undefined && (endEpoch === undefined || endEpoch <= firstEpoch))
    return invalid('until', 'a time at least an hour after it begins', until)
  const { did } = customer.ok
  const createdMs = parts.dating.nowMs()
  const grant = { id, customer: did, bytes, priority, firstEpoch, endEpoch, createdMs }
  const added = quotas.given.addGrant({ ...grant, voidedMs: undefined })
  if (added.error !== undefined) return added
  return ok({ ...changed(quotas.given.grant(id)!), added: added.ok.added })
}

async function grantLs({ quotas }: Desk, { customer: did }: Fields): ReturnType<Operation> {
  const customer = customerOf(quotas, did)
  if (customer.error !== undefined) return customer
  const grants = quotas.given.grants(customer.ok.did)
  return ok({ customer: customer.ok.did, grants: grants.map(shownGrant) })
}

async function grantVoid({ parts, quotas }: Desk, { id }: Fields): ReturnType<Operation> {
  const nextEpoch = quotas.epoch() + 1
  const voided = quotas.given.voidGrant(String(id), nextEpoch, parts.dating.nowMs())
  return voided.error === undefined ? ok(changed(voided.ok)) : voided
}

function changed(grant: GivenGrant): GrantChanged {
  return { customer: grant.customer, ...shownGrant(grant) }
}

async function balanceCredit(desk: Desk, fields: Fields): ReturnType<Operation> {
  const { parts, quotas } = desk
  const customer = customerOf(quotas, fields['customer'])
  if (customer.error !== undefined) return customer
  const { source, id, amount, currency } = fields
  for (const [name, value] of [
    ['source', source],
    ['id', id],
  ] as const)
    if (!isId(value)) return invalid(name, `1 to ${GIVEN_ID_CHARS_MAX} characters`, value)
  const micros = typeof amount === 'string' ? parseMicros(amount) : undefined
  if (micros === undefined || micros <= 0n || micros > CREDIT_MICROS_MAX)
    return invalid('amount', 'decimals above 0, up to 10000000, as text: "10.00"', amount)
  if (typeof currency !== 'string' || !isCurrency(currency))
    return invalid('currency', 'three letters such as "EUR"', currency)
  const credited = quotas.given.credit({
    source: String(source),
    id: String(id),
    customer: customer.ok.did,
    currency,
    micros,
    epoch: quotas.epoch(),
    creditedMs: parts.dating.nowMs(),
  })
  if (credited.error !== undefined) return credited
  const shown = await shownBalance(desk, customer.ok.did)
  return shown.error === undefined ? ok({ ...shown.ok, ...credited.ok }) : shown
}

function balanceShow(desk: Desk, { customer }: Fields): ReturnType<Operation> {
  return shownBalance(desk, customer)
}

async function shownBalance(desk: Desk, customer: unknown): Promise<Result<ShownBalance, Error>> {
  const found = await currentQuota(desk, customer)
  if (found.error !== undefined) return found
  const { customer: did, balance } = shownQuota(found.ok)
  const credits = desk.quotas.given.credits(did, CREDITS_LISTED_MAX)
  return ok({ customer: did, balance, credits: credits.map(shownCredit) })
}

function customerOf(
  { owners }: FolderQuotas,
  did: unknown,
): Result<Customer, InvalidParams | CustomerUnknown> {
  if (typeof did !== 'string') return invalid('customer', 'a DID', did)
  const customer = owners.customer(did)
  return customer === undefined ? fail(new CustomerUnknown(did)) : ok(customer)
}

/** The hour of a time, or of so many ms after it. */
function epochOfIso(value: unknown, moreMs: number): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : NaN
  return Number.isNaN(ms) || ms < 0 ? undefined : epochOf(ms + moreMs)
}

const ID_BYTES = 10

function newId({ random }: AccountingParts): string {
  return `grant-${Buffer.from(random.bytes(ID_BYTES)).toString('hex')}`
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= GIVEN_ID_CHARS_MAX
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function invalid(name: string, expected: string, got: unknown): { readonly error: InvalidParams } {
  return fail(new InvalidParams(`"${name}" expected ${expected}, got "${String(got)}"`))
}
