/**
 * Ports for customers, the spaces that they own, and their plans: dated, by whole epochs (hours).
 * @module
 */
import type { Awaitable, Result } from '../result.ts'
import type { SpaceDid } from './content.ts'

/** A customer's DID: `did:mailto:example.com:alice`, or of another method. */
export type CustomerDid = `did:${string}:${string}`

/** Somebody who pays for spaces. */
export interface Customer {
  readonly did: CustomerDid
  /** Wall-clock ms. */
  readonly createdMs: number
}

/**
 * A customer owns a space for some hours, at least one. No hour of a space has two owners. What is
 * read in an hour is billed to its owner, in the period that holds the later of that hour and
 * `assignedEpoch` (`billedEpoch`): whoever takes a space on pays for what nobody had owned before,
 * and closed periods stay as they are.
 */
export interface Ownership {
  readonly space: SpaceDid
  readonly customer: CustomerDid
  /** DID of the gateway, under the name by which it was asked. */
  readonly provider: string
  /** Names that this customer has this space here. */
  readonly subscription: string
  /** First hour that is the owner's. */
  readonly firstEpoch: number
  /** First hour that is no more, or null while there is no end in sight. */
  readonly endEpoch: number | null
  /** Hour in which it was put down. */
  readonly assignedEpoch: number
}

/** A customer is on a plan for some hours. */
export interface PlanTerm {
  readonly customer: CustomerDid
  /** DID of the plan. */
  readonly plan: string
  readonly firstEpoch: number
  readonly endEpoch: number | null
  /** Wall-clock ms at which it was chosen. */
  readonly setMs: number
}

/** Nobody knows this customer here. */
export class CustomerUnknown extends Error {
  override readonly name = 'CustomerUnknown'
  readonly customer: string
  constructor(customer: string) {
    super(`${customer} expected to be a customer of this gateway: see turnpike customer add`)
    this.customer = customer
  }
}

/** Somebody else has the space. */
export class SpaceOwned extends Error {
  override readonly name = 'SpaceOwned'
  readonly space: string
  constructor(space: string) {
    super(`${space} expected to have no customer, or this one, but another has it`)
    this.space = space
  }
}

/** The DID is one of the operator's: what is read on its account is nobody else's. */
export class SpaceOfOperator extends Error {
  override readonly name = 'SpaceOfOperator'
  readonly space: string
  constructor(space: string) {
    super(`${space} expected to be a space, is a DID of this gateway or of a host of "handFrom"`)
    this.space = space
  }
}

/** No customer has the space. */
export class SpaceUnowned extends Error {
  override readonly name = 'SpaceUnowned'
  readonly space: string
  constructor(space: string) {
    super(`${space} expected to have a customer, but nobody has it`)
    this.space = space
  }
}

/** There is no room for more customers, spaces of one customer, or changes of one of them. */
export class ProvisioningFull extends Error {
  override readonly name = 'ProvisioningFull'
}

/** What is to be written down of a new owner. */
export interface Assignment {
  readonly space: SpaceDid
  readonly customer: CustomerDid
  readonly provider: string
  readonly atMs: number
  /** Whether it may be taken from the customer who has it. */
  readonly move?: boolean | undefined
}

/**
 * Changes of customers, owners and plans. A change at a time in hour h counts from hour h + 1 on
 * where it ends something, which keeps hour h; where nothing was, from the end of what was before
 * (ownership) or from hour h (plans). Time does not go back: a change counts as made no earlier
 * than the change before it or than its customer was made, and in no closed period. Each is
 * durable, and whole, when it ends.
 */
export interface Provisioning {
  /** Makes a customer, unless there is one with this DID. */
  addCustomer(customer: Customer): Awaitable<Result<{ readonly added: boolean }, ProvisioningFull>>
  /** Puts a customer on a plan, which its caller knows. The same plan again changes nothing. */
  setPlan(
    customer: CustomerDid,
    plan: string,
    atMs: number,
  ): Awaitable<Result<PlanTerm, CustomerUnknown | ProvisioningFull>>
  /** Gives a space to a customer. One that the customer has already changes nothing. */
  assign(
    assignment: Assignment,
  ): Awaitable<Result<Ownership, CustomerUnknown | SpaceOwned | SpaceOfOperator | ProvisioningFull>>
  /** Takes a space from the customer who has it. What is read later waits for the next one. */
  release(space: SpaceDid, atMs: number): Awaitable<Result<Ownership, SpaceUnowned>>
}

/**
 * Who owned what, when. A process sees its own changes at once, and those of others with the next
 * call.
 */
export interface OwnershipHistory {
  /** Differs after each change of customers, owners or plans. Cheap enough for every request. */
  provisioningGeneration(): Awaitable<number>
  customer(did: string): Awaitable<Customer | undefined>
  /** Customers in the order of their DIDs, after `after`; at most `CUSTOMERS_LISTED_MAX`. */
  customers(after?: string): Awaitable<readonly Customer[]>
  /** All owners of a space, oldest first. Where it had none, there is a gap. */
  ofSpace(space: string): Awaitable<readonly Ownership[]>
  /** All that a customer owns or owned, by space, then oldest first. */
  ofCustomer(customer: string): Awaitable<readonly Ownership[]>
  /** Who owned a space in an hour. */
  owner(space: string, epoch: number): Awaitable<Ownership | undefined>
  /**
   * Spaces known here that have no owner after their last change: in the order of their DIDs, after
   * `after`; at most `SPACES_LISTED_MAX`. A ledger may know more, which were never provisioned.
   */
  unowned(after?: string): Awaitable<readonly SpaceDid[]>
}

/** Which customer was on which plan, when. */
export interface PlanHistory {
  /** All plans of a customer, oldest first; empty for one who never chose. */
  plansOf(customer: string): Awaitable<readonly PlanTerm[]>
}

/** Which plans there are, for who changes them; by their DIDs. */
export interface PlanList {
  has(plan: string): boolean
  /** Whether customers may put themselves on it. */
  isOffered(plan: string): boolean
  /** What a customer is on who never chose. */
  readonly standard: string
}
