/**
 * `access/claim`: what was delegated to somebody, or by a space.
 * Source: Storacha, "access/claim".
 * @module
 */
import { capability, Schema } from '@ucanto/validator'
import { CID } from 'multiformats/cid'
import { CLAIM_ANSWER_BYTES_MAX } from '@turnpike/core/limits'
import type { SpaceDid } from '@turnpike/core/ports/content'
import { ok } from '@turnpike/core/result'
import type { Ability, Outcome } from '../ability.ts'
import type { FrontDoorDeps } from '../deps.ts'

const CLAIM = capability({ can: 'access/claim', with: Schema.did() })

type Deps = Pick<FrontDoorDeps, 'delegations' | 'clock'>

/**
 * Answers with the delegations that are stored here for the subject of the invocation: those of a
 * space, for whoever may act for it. Those that are over or taken back by it are left out.
 */
export function accessClaim(deps: Deps): Ability {
  return {
    can: 'access/claim',
    capability: CLAIM,
    run: ({ capability: { with: subject } }) => claim(subject, deps),
  }
}

async function claim(subject: string, { delegations, clock }: Deps): Promise<Outcome> {
  const nowMs = clock.nowMs()
  const stored = (await delegations.forSpace(subject as SpaceDid)).filter(
    ({ expiresMs = Infinity }) => expiresMs > nowMs,
  )
  const revocations = await delegations.revoked(stored.map(({ cid }) => cid))
  const revoked = new Set(
    revocations.filter(({ issuer }) => issuer === subject).map(({ cid }) => String(cid)),
  )
  const found: Record<string, Uint8Array> = {}
  let bytes = 0
  for (const { cid, archive } of stored) {
    if (revoked.has(String(cid))) continue
    bytes += archive.length
    if (bytes > CLAIM_ANSWER_BYTES_MAX) break
    found[String(CID.decode(cid))] = archive
  }
  return ok({ delegations: found })
}
