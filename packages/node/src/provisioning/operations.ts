/**
 * What the owner of a data folder does for customers.
 * @module
 */
import { isDid } from '@turnpike/core/billing/customer-did'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { CustomerDid } from '@turnpike/core/ports/provisioning'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail, ok, type Result } from '@turnpike/core/result'
import { findSpace } from '../authorize/space-keys.ts'
import type { CatalogProvisioning } from '../catalog/provisioning.ts'
import type { Operation } from '../control/server.ts'
import type { FolderOwner } from '../folder/open.ts'
import { InvalidParams } from '../owner/params.ts'
import { openProvisioning } from './open.ts'
import { isoOfEpoch, shownOwnership, type ShownOwnership } from './show.ts'

/** Names of the operations. */
export const CUSTOMER_OPERATIONS = [
  'customerAdd',
  'customerPlan',
  'customerAssign',
  'customerRemove',
] as const

/** Name of one of the operations. */
export type CustomerOperation = (typeof CUSTOMER_OPERATIONS)[number]

/** What `customerAdd` and `customerPlan` answer. */
export interface CustomerChanged {
  readonly did: string
  /** Whether the customer was not there before. */
  readonly added: boolean
  /** DID of the plan, and the hour from which on it is in force (ISO 8601); null for none. */
  readonly plan: string | null
  readonly planFrom: string | null
}

/** What `customerAssign` and `customerRemove` answer: the space's owner, from when to when. */
export type SpaceAssigned = ShownOwnership

type Fields = Readonly<Record<string, unknown>>

/**
 * Operations on an owned folder. Parameters come as JSON: `customerAdd {did, plan?}`,
 * `customerPlan {did, plan}`, `customerAssign {space, customer, provider?, move?}` and
 * `customerRemove {space}`. Spaces are named by DID or by name; one that is not known here is
 * taken by its DID.
 */
export function customerOperations(
  folder: FolderOwner,
  clock: Pick<Clock, 'nowMs'>,
): Readonly<Record<CustomerOperation, Operation>> {
  const provisioning = openProvisioning(folder)
  const spaceOf = (text: unknown): Result<SpaceDid, InvalidParams> => {
    const known = findSpace(folder.catalog, String(text))
    if (known.ok) return ok(known.ok.did)
    return isKey(text) ? ok(text) : invalid('space', 'the name of a space, or a did:key', text)
  }
  return {
    async customerAdd(params) {
      const { did, plan } = fieldsOf(params)
      const invalidDid = needDid('did', did) ?? (plan === undefined ? undefined : needPlan(plan))
      if (invalidDid !== undefined) return invalidDid
      const customer = did as CustomerDid
      const added = provisioning.addCustomer({ did: customer, createdMs: clock.nowMs() })
      if (added.error) return added
      if (plan === undefined) return ok(changed(provisioning, customer, added.ok.added))
      return planned(provisioning, customer, plan as string, clock, added.ok.added)
    },
    async customerPlan(params) {
      const { did, plan } = fieldsOf(params)
      const invalidDid = needDid('did', did) ?? needPlan(plan)
      if (invalidDid !== undefined) return invalidDid
      return planned(provisioning, did as CustomerDid, plan as string, clock, false)
    },
    async customerAssign(params) {
      const { space, customer, provider = folder.gateway.did(), move } = fieldsOf(params)
      const invalidDid = needDid('customer', customer) ?? needDid('provider', provider)
      if (invalidDid !== undefined) return invalidDid
      const did = spaceOf(space)
      if (did.error) return did
      const assigned = provisioning.assign({
        space: did.ok,
        customer: customer as CustomerDid,
        provider: provider as string,
        atMs: clock.nowMs(),
        move: move === true,
      })
      return assigned.error ? assigned : ok(shownOwnership(assigned.ok))
    },
    async customerRemove(params) {
      const did = spaceOf(fieldsOf(params).space)
      if (did.error) return did
      const released = provisioning.release(did.ok, clock.nowMs())
      return released.error ? released : ok(shownOwnership(released.ok))
    },
  }
}

function planned(
  provisioning: CatalogProvisioning,
  did: CustomerDid,
  plan: string,
  clock: Pick<Clock, 'nowMs'>,
  added: boolean,
): Result<CustomerChanged, Error> {
  const term = provisioning.setPlan(did, plan, clock.nowMs())
  return term.error ? term : ok(changed(provisioning, did, added))
}

function changed(history: CatalogProvisioning, did: string, added: boolean): CustomerChanged {
  const term = history.plansOf(did).at(-1)
  const planFrom = term === undefined ? null : isoOfEpoch(term.firstEpoch)
  return { did, added, plan: term?.plan ?? null, planFrom }
}

function needDid(name: string, value: unknown): { readonly error: InvalidParams } | undefined {
  const fits = typeof value === 'string' && isDid(value)
  return fits ? undefined : invalid(name, 'a DID', value)
}

function needPlan(plan: unknown): { readonly error: InvalidParams } | undefined {
  return needDid('plan', plan)
}

function isKey(value: unknown): value is SpaceDid {
  return typeof value === 'string' && value.startsWith('did:key:') && isDid(value)
}

function invalid(name: string, expected: string, got: unknown): { readonly error: InvalidParams } {
  return fail(new InvalidParams(`"${name}" expected ${expected}, got "${String(got)}"`))
}

function fieldsOf(params: unknown): Fields {
  return typeof params === 'object' && params !== null ? (params as Fields) : {}
}
