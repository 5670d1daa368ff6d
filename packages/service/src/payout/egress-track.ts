/**
 * `space/egress/track`: a storage node tells of a batch of receipts that it is to be paid for.
 * Source: Storacha, "egress tracking".
 * @module
 */
import { Delegation, type API } from '@ucanto/core'
import { capability, Schema } from '@ucanto/validator'
import { CID } from 'multiformats/cid'
import { CAR, linkFromCid, linkToString, type Link } from '@turnpike/core/link'
import { decodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import { batchUrl, type StorageNode } from '@turnpike/core/payout/endpoint'
import type { Payouts } from '@turnpike/core/ports/payouts'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail } from '@turnpike/core/result'
import type { Ability, Outcome, Task } from '../ability.ts'
import type { Identity } from '../deps.ts'
import { derivesBy, sameText } from '../derives.ts'

const TRACK = capability({
  can: 'space/egress/track',
  with: Schema.did(),
  nb: Schema.struct({ receipts: Schema.link(), endpoint: Schema.string() }),
  derives: derivesBy(sameText),
})

/** A batch can't be taken. The name is the field's. */
export class EgressTrackError extends Error {
  override readonly name = 'EgressTrackError'
}

/** What tracking takes. */
export interface EgressTrackDeps {
  readonly identity: Identity
  /** Those that the operator pays, and where their batches are. */
  readonly nodes: readonly StorageNode[]
  readonly payouts: Pick<Payouts, 'track'>
  readonly clock: Clock
}

/**
 * Puts a batch of a listed node down, and answers with the invocation that will consolidate it,
 * whose receipt comes later. A node asks with leave of this gateway, or, since it is listed, in its
 * own name.
 */
export function egressTrack(deps: EgressTrackDeps): Ability {
  return { can: 'space/egress/track', capability: TRACK, run: (task) => track(task, deps) }
}

async function track(
  { asked, capability: { with: resource, nb }, issuer: node }: Task,
  { identity, nodes, payouts, clock }: EgressTrackDeps,
): Promise<Outcome> {
  const { receipts, endpoint } = nb as { readonly receipts: CID; readonly endpoint: string }
  if (resource !== node && !identity.dids.includes(resource))
    return refused(`${resource} expected to be this gateway, or ${node} itself`)
  if (!nodes.some(({ did }) => did === node))
    return refused(`${node} expected to be a storage node that the operator lists, is not`)
  const batch = linkFromCid(receipts)
  if (!isCar(batch)) return refused('receipts expected to be the CID of a CAR, by SHA-256')
  const url = batchUrl(endpoint, linkToString(batch), node, nodes)
  if (url === undefined)
    return refused('endpoint expected an address of the node with {cid} in it, got another')
  const consolidation = await consolidationOf(asked.ucan.cid, identity)
  const tracked = await payouts.track({
    node,
    batch: receipts.bytes,
    url: url.href,
    trackedMs: clock.nowMs(),
    task: consolidation.cid.bytes,
    invocation: await archiveOf(consolidation),
  })
  return tracked.error ? tracked : { ok: {}, fork: [tracked.ok.task] }
}

/** The gateway's own invocation: the same for one `track`, whenever it is made. */
function consolidationOf(cause: Uint8Array, { signer }: Identity): Promise<API.Delegation> {
  return Delegation.delegate({
    issuer: signer,
    audience: signer,
    capabilities: [
      {
        can: 'space/egress/consolidate',
        with: signer.did(),
        nb: { cause: CID.decode(cause) },
      },
    ] as never,
    expiration: Infinity,
  })
}

async function archiveOf(consolidation: API.Delegation): Promise<Uint8Array> {
  const archive = await consolidation.archive()
  if (archive.error) throw archive.error
  return archive.ok
}

function isCar({ version, codec, multihash }: Link): boolean {
  return version === 1 && codec === CAR && decodeMultihash(multihash)?.code === SHA2_256
}

function refused(message: string): Outcome {
  return fail(new EgressTrackError(message))
}
