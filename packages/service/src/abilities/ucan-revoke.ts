/**
 * `ucan/revoke`: somebody takes a UCAN back.
 * Source: Storacha, "ucan/revoke"; UCAN 0.9.1, section 6.6.
 * @module
 */
import { capability, Schema } from '@ucanto/validator'
import type { CID } from 'multiformats/cid'
import { fail, ok } from '@turnpike/core/result'
import type { Ability, Outcome, Task } from '../ability.ts'
import type { FrontDoorDeps } from '../deps.ts'
import { derivesBy, sameText } from '../derives.ts'
import { archiveOf, keyOfCid, ucansOf } from '../message.ts'

const REVOKE = capability({
  can: 'ucan/revoke',
  with: Schema.did(),
  nb: Schema.struct({
    ucan: Schema.link(),
    proof: Schema.link().array().optional(),
  }),
  derives: derivesBy(sameText),
})

/** The UCAN that is to be revoked is not in the message. */
export class UCANNotFound extends Error {
  override readonly name = 'UCANNotFound'
}

/** Whoever revokes a UCAN has no part in it. */
export class UnauthorizedRevocation extends Error {
  override readonly name = 'UnauthorizedRevocation'
}

type Deps = Pick<FrontDoorDeps, 'delegations' | 'clock' | 'hasher'>

/**
 * Keeps the revocation of a UCAN that came with the message, with the proofs that lead to who
 * revokes it: one of those who issued the UCAN or what it was derived from.
 */
export function ucanRevoke(deps: Deps): Ability {
  return { can: 'ucan/revoke', capability: REVOKE, run: (task) => revoke(task, deps) }
}

async function revoke({ asked, capability: read }: Task, deps: Deps): Promise<Outcome> {
  const { ucan: link } = read.nb as { readonly ucan: CID }
  const { blocks } = asked
  const key = keyOfCid(link)
  const ucan = key && blocks.find(key)
  if (ucan === undefined) {
    const message = `UCAN ${String(link)} expected in the message, with its proofs, is not`
    return fail(new UCANNotFound(message))
  }
  if (!ucansOf({ ucan, blocks }).some(({ issuer }) => issuer === read.with)) {
    const message = `${read.with} expected to have issued ${String(link)}, or a proof of it`
    return fail(new UnauthorizedRevocation(message))
  }
  const revokedMs = deps.clock.nowMs()
  const kept = await deps.delegations.revoke({
    cid: ucan.cid,
    issuer: read.with,
    revokedMs,
    archive: archiveOf(asked, deps.hasher),
  })
  return kept.error ? kept : ok({ time: revokedMs })
}
