/**
 * The space that a new data folder starts with.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { delegate } from '@ucanto/core'
import type { SpaceDid } from '@turnpike/core/ports/content'
import { SERVE_ALL, storeDelegation } from '../catalog/delegations.ts'
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
    .prepare('SELECT 1 FROM delegations WHERE space = ? AND audience = ? AND can = ?')
    .get(did, gateway.did(), SERVE_ALL)
  if (held !== undefined) return
  const delegation = await delegate({
    issuer: space,
    audience: gateway,
    capabilities: [{ can: SERVE_ALL, with: did }],
    expiration: Infinity,
  })
  const archived = await delegation.archive()
  if (archived.error) throw archived.error
  const stored = await storeDelegation(database, archived.ok, { gateway: gateway.did(), nowMs })
  if (stored.error) throw stored.error
}
