/**
 * `access/claim`: what was delegated to somebody, or by a space.
 * Source: Storacha, "access/claim".
 * @module
 */
import { capability, Schema } from '@ucanto/validator'
import { CID } from 'multiformats/cid'
import { CLAIM_ANSWER_BYTES_MAX } from '@turnpike/core/limits/claims'
import type { SpaceDid } from '@turnpike/core/ports/content'
import { ok } from '@turnpike/core/result'
import type { Ability, Outcome, Task } from '../ability.ts'
import type { FrontDoorDeps } from '../deps.ts'

const CLAIM = capability({ can: 'access/claim', with: Schema.did() })

type Deps = Pick<FrontDoorDeps, 'delegations' | 'checkDelegation'>

/**
 * Answers with the delegations of a space that are stored here and count, for whoever may act for
 * it. Those that are over, or of which somebody took a link back, are left out.
 */
export function accessClaim(deps: Deps): Ability {
  return { can: 'access/claim', capability: CLAIM, run: (task) => claim(task, deps) }
}

async function claim(
  { capability: { with: subject }, signal }: Task,
  { delegations, checkDelegation }: Deps,
): Promise<Outcome> {
  const space = subject as SpaceDid
  const found: Record<string, Uint8Array> = {}
  let bytes = 0
  for (const { cid, archive } of await delegations.forSpace(space)) {
    const checked = await checkDelegation(archive, space, signal)
    if (checked.error) continue
    bytes += archive.length
    if (bytes > CLAIM_ANSWER_BYTES_MAX) break
    found[String(CID.decode(cid))] = archive
  }
  return ok({ delegations: found })
}
