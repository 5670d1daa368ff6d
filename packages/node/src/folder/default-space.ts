/**
 * The space that a new data folder starts with.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { FREE_PLAN } from '@turnpike/core/billing/plan'
import { subscriptionId } from '@turnpike/core/billing/subscription-id'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { Assignment, CustomerDid, Ownership } from '@turnpike/core/ports/provisioning'
import type { Result } from '@turnpike/core/result'
import { issueServing } from '../authorize/issue.ts'
import { storeDelegation } from '../authorize/store-delegation.ts'
import { CatalogProvisioning } from '../catalog/provisioning.ts'
import { ensureSpace } from '../catalog/spaces.ts'
import { nodeHasher } from '../hasher.ts'
import type { Signer } from './keys.ts'

/** Who owns the default space. */
export const DEMO_CUSTOMER: CustomerDid = 'did:mailto:example.com:demo'

/**
 * Makes the default space, owned by a demo customer on the free plan, and served by a real
 * delegation from the space's key to the gateway's, unless all that is there. A space that has had
 * an owner is left as it is.
 */
export async function ensureDefaultSpace(
  database: DatabaseSync,
  space: Signer,
  gateway: Signer,
  nowMs: number,
): Promise<void> {
  const did: SpaceDid = space.did()
  nameOwnerships(database, gateway.did())
  ensureSpace(database, { did, name: 'default', createdMs: nowMs })
  provisionDemo(database, { space: did, provider: gateway.did(), atMs: nowMs })
  const held = database
    .prepare('SELECT 1 FROM space_delegations WHERE space = ? AND audience = ?')
    .get(did, gateway.did())
  if (held !== undefined) return
  const { archive } = await issueServing({ space, audience: gateway.did() })
  const stored = await storeDelegation(database, {
    archive,
    gateways: [gateway.did()],
    nowMs,
    signal: new AbortController().signal,
  })
  if (stored.error) throw stored.error
}

function provisionDemo(database: DatabaseSync, to: Omit<Assignment, 'customer'>): void {
  const provisioning = new CatalogProvisioning(database, { hasher: nodeHasher })
  const customer = DEMO_CUSTOMER
  const isNew = provisioning.ofSpace(to.space).length === 0
  if (isNew) need(provisioning.addCustomer({ did: customer, createdMs: to.atMs }))
  if (isNew) need(provisioning.assign({ ...to, customer }))
  if (provisioning.customer(customer) && provisioning.plansOf(customer).length === 0)
    need(provisioning.setPlan(customer, FREE_PLAN.id, to.atMs))
}

function need(result: Result<NonNullable<unknown>>): void {
  if (result.error) throw result.error
}

/** Those that come from before there were customers are without what SQL could not tell. */
function nameOwnerships(database: DatabaseSync, provider: string): void {
  const rows = database
    .prepare(
      `SELECT o.id, o.space, c.did AS customer FROM ownerships o
       JOIN customers c ON c.id = o.customer WHERE o.subscription = ''`,
    )
    .all() as unknown as (Pick<Ownership, 'space' | 'customer'> & { readonly id: number })[]
  for (const { id, space, customer } of rows) {
    const subscription = subscriptionId({ customer, consumer: space }, nodeHasher)
    database
      .prepare('UPDATE ownerships SET provider = ?, subscription = ? WHERE id = ?')
      .run(provider, subscription, id)
  }
}
