/**
 * Changes of customers, owners and plans in the catalog.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { EPOCH_MS, epochOf } from '@turnpike/core/billing/epoch'
import { assigned, released } from '@turnpike/core/billing/ownership'
import { changeEpoch, planned } from '@turnpike/core/billing/plan-terms'
import { subscriptionId } from '@turnpike/core/billing/subscription-id'
import {
  CUSTOMERS_MAX,
  OWNERS_PER_SPACE_MAX,
  PLANS_PER_CUSTOMER_MAX,
  SPACES_PER_CUSTOMER_MAX,
} from '@turnpike/core/limits/billing'
import type { SpaceDid } from '@turnpike/core/ports/content'
import {
  CustomerUnknown,
  ProvisioningFull,
  SpaceOfOperator,
  SpaceOwned,
  SpaceUnowned,
  type Assignment,
  type Customer,
  type CustomerDid,
  type Ownership,
  type PlanTerm,
  type Provisioning,
} from '@turnpike/core/ports/provisioning'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { fail, ok, type Result } from '@turnpike/core/result'
import { transact } from './database.ts'
import { CatalogOwnership } from './ownership-history.ts'

/** How many there may be. */
export interface ProvisioningRoom {
  readonly customersMax: number
  readonly spacesPerCustomerMax: number
  readonly ownersPerSpaceMax: number
  readonly plansPerCustomerMax: number
}

const ROOM: ProvisioningRoom = {
  customersMax: CUSTOMERS_MAX,
  spacesPerCustomerMax: SPACES_PER_CUSTOMER_MAX,
  ownersPerSpaceMax: OWNERS_PER_SPACE_MAX,
  plansPerCustomerMax: PLANS_PER_CUSTOMER_MAX,
}

/** What changes are made with. */
export interface ProvisioningOptions {
  readonly hasher: Hasher
  /** First hour that is not billed yet: no change counts before it. 0 unless told. */
  readonly openEpoch?: () => number
  /** Whether a DID is the operator's, which no customer has; none unless told. */
  readonly isOperator?: (did: string) => boolean
  readonly room?: ProvisioningRoom
}

/**
 * Both sides of provisioning, for the folder's owner.
 *
 * @example
 * const provisioning = new CatalogProvisioning(folder.catalog, { hasher: nodeHasher })
 * provisioning.addCustomer({ did: 'did:mailto:example.com:alice', createdMs: clock.nowMs() })
 */
export class CatalogProvisioning extends CatalogOwnership implements Provisioning {
  readonly #catalog: DatabaseSync
  readonly #hasher: Hasher
  readonly #openEpoch: () => number
  readonly #isOperator: (did: string) => boolean
  readonly #room: ProvisioningRoom

  constructor(catalog: DatabaseSync, options: ProvisioningOptions) {
    super(catalog)
    this.#catalog = catalog
    this.#hasher = options.hasher
    this.#openEpoch = options.openEpoch ?? (() => 0)
    this.#isOperator = options.isOperator ?? (() => false)
    this.#room = options.room ?? ROOM
  }

  addCustomer({ did, createdMs }: Customer): Result<{ readonly added: boolean }, ProvisioningFull> {
    return transact(this.#catalog, () => {
      if (this.customer(did) !== undefined) return ok({ added: false })
      const customersMax = this.#room.customersMax
      if (this.#count('SELECT count(*) AS rows FROM customers') >= customersMax)
        return fail(full('customers', customersMax))
      // Else a month that is closed would have one account more.
      const fromMs = Math.max(createdMs, this.#openEpoch() * EPOCH_MS)
      this.#run('INSERT INTO customers (did, created_ms) VALUES (?, ?)', did, fromMs)
      this.#changed()
      return ok({ added: true })
    })
  }

  setPlan(
    did: CustomerDid,
    plan: string,
    atMs: number,
  ): Result<PlanTerm, CustomerUnknown | ProvisioningFull> {
    return transact(this.#catalog, () => {
      const customer = this.#customerId(did)
      if (customer === undefined) return fail(new CustomerUnknown(did))
      const before = this.plansOf(did)
      const epoch = this.#epoch(atMs)
      const after = planned(before, { customer: did, plan, setMs: atMs, epoch })
      const term = after.at(-1)!
      if (after === before) return ok(term)
      const { plansPerCustomerMax } = this.#room
      if (after.length > plansPerCustomerMax)
        return fail(full(`plans that ${did} was on`, plansPerCustomerMax))
      this.#run('DELETE FROM plan_terms WHERE customer = ?', customer)
      const insert = this.#catalog.prepare('INSERT INTO plan_terms VALUES (?, ?, ?, ?, ?)')
      for (const { firstEpoch, endEpoch, plan: id, setMs } of after)
        insert.run(customer, firstEpoch, endEpoch, id, setMs)
      this.#changed()
      return ok(term)
    })
  }

  assign({
    space,
    customer,
    provider,
    atMs,
    move,
  }: Assignment): Result<
    Ownership,
    CustomerUnknown | SpaceOwned | SpaceOfOperator | ProvisioningFull
  > {
    if (this.#isOperator(space)) return fail(new SpaceOfOperator(space))
    return transact(this.#catalog, () => {
      const id = this.#customerId(customer)
      if (id === undefined) return fail(new CustomerUnknown(customer))
      const before = this.ofSpace(space)
      const last = before.at(-1)
      if (last?.endEpoch === null && last.customer !== customer && move !== true)
        return fail(new SpaceOwned(space))
      const subscription = subscriptionId({ customer, consumer: space }, this.#hasher)
      // Nobody owns anything before they are on a plan, though the clock may have been set back.
      const { createdMs } = this.customer(customer)!
      const epoch = Math.max(this.#epoch(atMs), epochOf(createdMs))
      const owner = { space, customer, provider, subscription, epoch }
      const after = assigned(before, owner)
      if (after === before) return ok(after.at(-1)!)
      const noRoom = this.#noRoom(id, after)
      if (noRoom !== undefined) return fail(noRoom)
      this.#replace(space, after)
      return ok(after.at(-1)!)
    })
  }

  release(space: SpaceDid, atMs: number): Result<Ownership, SpaceUnowned> {
    return transact(this.#catalog, () => {
      const before = this.ofSpace(space)
      const last = before.at(-1)
      if (last?.endEpoch !== null) return fail(new SpaceUnowned(space))
      const after = released(before, this.#epoch(atMs))
      this.#replace(space, after)
      return ok({ ...last, endEpoch: after.at(-1)?.endEpoch ?? last.firstEpoch })
    })
  }

  #noRoom(customer: number, after: readonly Ownership[]): ProvisioningFull | undefined {
    const { ownersPerSpaceMax, spacesPerCustomerMax } = this.#room
    const { space, customer: did } = after.at(-1)!
    if (after.length > ownersPerSpaceMax) return full(`owners of ${space}`, ownersPerSpaceMax)
    const had = this.#count(
      'SELECT count(*) AS rows FROM ownerships WHERE customer = ?',
      String(customer),
    )
    return had >= spacesPerCustomerMax ? full(`spaces of ${did}`, spacesPerCustomerMax) : undefined
  }

  /** At most the last two rows of a space change, but a history is short. */
  #replace(space: string, after: readonly Ownership[]): void {
    this.#run('DELETE FROM ownerships WHERE space = ?', space)
    const insert = this.#catalog.prepare(
      `INSERT INTO ownerships
         (space, customer, provider, subscription, first_epoch, end_epoch, assigned_epoch)
       VALUES (?, (SELECT id FROM customers WHERE did = ?), ?, ?, ?, ?, ?)`,
    )
    for (const { customer, provider, subscription, firstEpoch, endEpoch, assignedEpoch } of after)
      insert.run(space, customer, provider, subscription, firstEpoch, endEpoch, assignedEpoch)
    this.#changed()
  }

  /** Hour that a change counts in: what was billed stays. */
  #epoch(atMs: number): number {
    return changeEpoch(atMs, this.#openEpoch())
  }

  #changed(): void {
    this.#run('UPDATE provisioning_state SET generation = generation + 1')
  }

  #customerId(did: string): number | undefined {
    const row = this.#catalog.prepare('SELECT id FROM customers WHERE did = ?').get(did)
    return row === undefined ? undefined : Number(row.id)
  }

  #count(sql: string, ...values: string[]): number {
    return Number(this.#catalog.prepare(sql).get(...values)!.rows)
  }

  #run(sql: string, ...values: (string | number | null)[]): void {
    this.#catalog.prepare(sql).run(...values)
  }
}

function full(what: string, most: number): ProvisioningFull {
  return new ProvisioningFull(`${what} expected < ${most}, got as many`)
}
