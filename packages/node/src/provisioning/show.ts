/**
 * Customers as they are shown to people and scripts.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import type { Customer, Ownership } from '@turnpike/core/ports/provisioning'
import { CustomerUnknown } from '@turnpike/core/ports/provisioning'
import { fail, ok, type Result } from '@turnpike/core/result'
import { CatalogOwnership } from '../catalog/ownership-history.ts'

/** A customer in a list; serializable. */
export interface ShownCustomer {
  readonly did: string
  /** ISO 8601. */
  readonly created: string
  /** The plan that was chosen last; null for one who never chose. */
  readonly plan: string | null
  /** Spaces that it has. */
  readonly spaces: number
}

/** Customers, and spaces that nobody has. */
export interface ShownCustomers {
  readonly customers: readonly ShownCustomer[]
  /** What is read of them is in suspense. */
  readonly unowned: readonly string[]
}

/** From when to when a customer has a space; serializable. Times are ISO 8601, whole hours. */
export interface ShownOwnership {
  readonly space: string
  readonly customer: string
  readonly provider: string
  readonly subscription: string
  /** Null for as long as there are reads. */
  readonly from: string | null
  /** First hour that is the customer's no more; null for no end. */
  readonly until: string | null
  /** Hour in which the customer took it on, and is billed for what nobody had owned before. */
  readonly assigned: string
}

/** A plan that a customer was on; serializable. Times are ISO 8601, whole hours. */
export interface ShownTerm {
  readonly plan: string
  readonly from: string
  readonly until: string | null
}

/** All about one customer; serializable. */
export interface ShownAccount {
  readonly did: string
  readonly created: string
  readonly plans: readonly ShownTerm[]
  readonly spaces: readonly ShownOwnership[]
}

/**
 * All customers, and all spaces that nobody has.
 *
 * @example
 * showCustomers(catalog).unowned
 */
export function showCustomers(catalog: DatabaseSync): ShownCustomers {
  const history = new CatalogOwnership(catalog)
  const customers = all(
    (after) => history.customers(after),
    ({ did }) => did,
  ).map((one) => shownCustomer(history, one))
  return {
    customers,
    unowned: all(
      (after) => history.unowned(after),
      (did) => did,
    ),
  }
}

/** Rows of all pages. */
function all<Row>(page: (after?: string) => readonly Row[], nameOf: (row: Row) => string): Row[] {
  const rows: Row[] = []
  for (let more = page(); more.length > 0; more = page(nameOf(rows.at(-1)!))) rows.push(...more)
  return rows
}

function shownCustomer(history: CatalogOwnership, { did, createdMs }: Customer): ShownCustomer {
  const spaces = history.ofCustomer(did).filter(({ endEpoch }) => endEpoch === null).length
  return { did, created: isoOf(createdMs), plan: history.plansOf(did).at(-1)?.plan ?? null, spaces }
}

/** A customer with all that they had. */
export function showCustomer(
  catalog: DatabaseSync,
  did: string,
): Result<ShownAccount, CustomerUnknown> {
  const history = new CatalogOwnership(catalog)
  const customer = history.customer(did)
  if (customer === undefined) return fail(new CustomerUnknown(did))
  const plans = history.plansOf(did).map(({ plan, firstEpoch, endEpoch }) => {
    return {
      plan,
      from: isoOfEpoch(firstEpoch),
      until: endEpoch === null ? null : isoOfEpoch(endEpoch),
    }
  })
  const spaces = history.ofCustomer(did).map(shownOwnership)
  return ok({ did, created: isoOf(customer.createdMs), plans, spaces })
}

/** An ownership as it is shown. */
export function shownOwnership(owned: Ownership): ShownOwnership {
  const { space, customer, provider, subscription, firstEpoch, endEpoch, assignedEpoch } = owned
  return {
    space,
    customer,
    provider,
    subscription,
    from: firstEpoch === 0 ? null : isoOfEpoch(firstEpoch),
    until: endEpoch === null ? null : isoOfEpoch(endEpoch),
    assigned: isoOfEpoch(assignedEpoch),
  }
}

/** Start of an hour, as ISO 8601. */
export function isoOfEpoch(epoch: number): string {
  return isoOf(epoch * EPOCH_MS)
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString()
}
