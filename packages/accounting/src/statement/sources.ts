/**
 * What statements are made from.
 * @module
 */
import type { Plans } from '@turnpike/core/billing/plan'
import type { Period } from '@turnpike/core/billing/period'
import type { LedgerView } from '@turnpike/core/ports/ledger'
import type { Customer, OwnershipHistory, PlanHistory } from '@turnpike/core/ports/provisioning'
import type { Hasher } from '@turnpike/core/ports/runtime'
import type { StorageHistory } from '@turnpike/core/ports/usage'
import type { Awaitable, Result } from '@turnpike/core/result'
import type { Opening } from './statement.ts'

/** What customers bring from one month to the next. */
export interface Openings {
  /** Of a customer, as a period begins. */
  opening(customer: Customer, period: Period): Awaitable<Result<Opening, PlanUnknown>>
}

/** Sources of statements, all as of one moment. */
export interface StatementSources {
  readonly ledger: LedgerView
  /** First hour that the ledger has; any later one where it has none. */
  readonly firstEpoch: number
  readonly owners: OwnershipHistory
  readonly planTerms: PlanHistory
  readonly plans: Plans
  readonly storage: StorageHistory
  readonly openings: Openings
  /** DIDs of the operator: what is read on their account is billed to nobody. */
  readonly operators: ReadonlySet<string>
  /** DID of the gateway now. */
  readonly gateway: string
  readonly hasher: Hasher
  /** First hour whose storage may still change: hours from it on are left out. */
  readonly storedUntil: number
  /** Lets others have a turn; awaited between spaces. */
  breathe(): Promise<void>
}

/** A customer is on a plan that the plan file does not have. */
export class PlanUnknown extends Error {
  override readonly name = 'PlanUnknown'
  readonly customer: string
  readonly plan: string
  constructor(customer: string, plan: string) {
    super(`plan ${plan} of ${customer} expected in the plan file: put it back, or change the plan`)
    this.customer = customer
    this.plan = plan
  }
}

/** Accounts do not add up to what the ledger has: nothing is stated. */
export class StatementUnbalanced extends Error {
  override readonly name = 'StatementUnbalanced'
  readonly period: string
  constructor(period: string, quantity: string, stated: bigint | number, counted: bigint | number) {
    super(
      `accounts of ${period} expected to add up to ${counted} (${quantity}), ` +
        `got ${stated}: look for what changed owners, then run turnpike audit ledger`,
    )
    this.period = period
  }
}

/** Nobody has an account of this name here. */
export class AccountUnknown extends Error {
  override readonly name = 'AccountUnknown'
  readonly account: string
  constructor(account: string) {
    super(`"${account}" expected to be a customer's DID, "suspense" or "operator"`)
    this.account = account
  }
}

/** Why there is no statement. */
export type StatementFault = PlanUnknown | StatementUnbalanced | AccountUnknown
