/**
 * The space that a new data folder starts with.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import type { SpaceDid } from '@turnpike/core/ports/content'
import { issueServing } from '../authorize/issue.ts'
import { storeDelegation } from '../authorize/store-delegation.ts'
import { ensureSpace } from '../catalog/spaces.ts'
import type { Signer } from './keys.ts'

/** Who owns the default space. */
export const DEMO_CUSTOMER = 'demo'

/**
 * Makes the default space, owned by a demo customer and served by a real delegation from the
 * space's key to the gateway's, unless all that is there.
 */
export async function ensureDefaultSpace(
  database: DatabaseSync,
  space: Signer,
  gateway: Signer,
  nowMs: number,
): Promise<void> {
  const did: SpaceDid = space.did()
  ensureSpace(database, { did, name: 'default', customer: DEMO_CUSTOMER, createdMs: nowMs })
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
