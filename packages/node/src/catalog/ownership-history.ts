/**
 * Customers, owners and plans in the catalog, to be read: by its owner, or beside it.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { ownerAt } from '@turnpike/core/billing/ownership'
import {
  CUSTOMERS_LISTED_MAX,
  OWNERS_PER_SPACE_MAX,
  PLANS_PER_CUSTOMER_MAX,
  SPACES_LISTED_MAX,
  SPACES_PER_CUSTOMER_MAX,
} from '@turnpike/core/limits/billing'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type {
  Customer,
  Ownership,
  OwnershipHistory,
  PlanHistory,
  PlanTerm,
} from '@turnpike/core/ports/provisioning'

const OWNERSHIP = `o.space, c.did AS customer, o.provider, o.subscription,
  o.first_epoch AS firstEpoch, o.end_epoch AS endEpoch, o.assigned_epoch AS assignedEpoch
  FROM ownerships o JOIN customers c ON c.id = o.customer`

/**
 * The history as a connection sees it, which may be read-only.
 *
 * @example
 * new CatalogOwnership(folder.catalog).owner('did:key:z6Mk…', epochOf(clock.nowMs()))?.customer
 */
export class CatalogOwnership implements OwnershipHistory, PlanHistory {
  readonly #catalog: DatabaseSync
  readonly #generation: StatementSync
  readonly #ofSpace: StatementSync

  constructor(catalog: DatabaseSync) {
    this.#catalog = catalog
    this.#generation = catalog.prepare('SELECT generation FROM provisioning_state')
    this.#generation.setReturnArrays(true)
    this.#ofSpace = catalog.prepare(
      `SELECT ${OWNERSHIP} WHERE o.space = ? ORDER BY o.first_epoch LIMIT ?`,
    )
  }

  provisioningGeneration(): number {
    const [generation] = this.#generation.get() as unknown as [number]
    return generation
  }

  customer(did: string): Customer | undefined {
    const row = this.#catalog
      .prepare('SELECT did, created_ms AS createdMs FROM customers WHERE did = ?')
      .get(did)
    return row === undefined ? undefined : plain(row)
  }

  customers(after = ''): Customer[] {
    return this.#rows<Customer>(
      `SELECT did, created_ms AS createdMs FROM customers WHERE did > ? ORDER BY did LIMIT ?`,
      after,
      CUSTOMERS_LISTED_MAX,
    )
  }

  ofSpace(space: string): Ownership[] {
    return this.#ofSpace.all(space, OWNERS_PER_SPACE_MAX).map(plain<Ownership>)
  }

  ofCustomer(customer: string): Ownership[] {
    return this.#catalog
      .prepare(
        `SELECT ${OWNERSHIP} WHERE o.customer = (SELECT id FROM customers WHERE did = ?)
         ORDER BY o.space, o.first_epoch LIMIT ?`,
      )
      .all(customer, SPACES_PER_CUSTOMER_MAX)
      .map(plain<Ownership>)
  }

  owner(space: string, epoch: number): Ownership | undefined {
    return ownerAt(this.ofSpace(space), epoch)
  }

  unowned(after = ''): SpaceDid[] {
    return this.#rows<{ readonly did: SpaceDid }>(
      `SELECT did FROM (SELECT did FROM spaces UNION SELECT space FROM ownerships)
       WHERE did > ? AND did NOT IN (SELECT space FROM ownerships WHERE end_epoch IS NULL)
       ORDER BY did LIMIT ?`,
      after,
      SPACES_LISTED_MAX,
    ).map(({ did }) => did)
  }

  plansOf(customer: string): PlanTerm[] {
    return this.#rows<PlanTerm>(
      `SELECT c.did AS customer, t.plan, t.first_epoch AS firstEpoch, t.end_epoch AS endEpoch,
         t.set_ms AS setMs
       FROM plan_terms t JOIN customers c ON c.id = t.customer WHERE c.did = ?
       ORDER BY t.first_epoch LIMIT ?`,
      customer,
      PLANS_PER_CUSTOMER_MAX,
    )
  }

  #rows<Row>(sql: string, after: string, limit: number): Row[] {
    return this.#catalog
      .prepare(sql)
      .all(after, limit)
      .map(plain<Row>)
  }
}

/** A row as an object like any other: SQLite's has no prototype. */
function plain<Row>(row: object): Row {
  return { ...row } as Row
}
