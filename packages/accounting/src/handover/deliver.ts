/**
 * Delivers one batch of groups to the host that counts them, and believes its answer.
 * @module
 */
import { bytesEqual } from '@turnpike/core/bytes'
import { decodeAck } from '@turnpike/core/handover/ack'
import { decodeBatch, makeBatch } from '@turnpike/core/handover/batch'
import type { BatchSigner } from '@turnpike/core/handover/batch'
import { signedBy } from '@turnpike/core/handover/signed-by'
import type { Signatures } from '@turnpike/core/handover/signed-by'
import type { Groups } from '@turnpike/core/log/frame'
import type { InboxVerdict } from '@turnpike/core/ports/inbox'
import type { Clock, Hasher } from '@turnpike/core/ports/runtime'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'

/** The other host did not take a batch. Nothing is let go of; it is tried again. */
export class HandOnFailed extends Error {
  override readonly name = 'HandOnFailed'
}

/** Sends one batch and resolves with the bytes of the answer. */
export type SendBatch = (
  batch: Uint8Array,
  signal: AbortSignal,
) => Promise<Result<Uint8Array, HandOnFailed>>

/** What delivering works with. */
export interface DeliverDeps {
  /** DID of this gateway. */
  readonly source: string
  /** DID of the gateway that counts. */
  readonly audience: string
  readonly send: SendBatch
  readonly signer: BatchSigner
  readonly signatures: Signatures
  readonly hasher: Hasher
  readonly clock: Clock
}

/** Where groups stand at their source. */
export interface BatchPlace {
  readonly journal: string
  /** Number of the first entry. */
  readonly first: number
}

/**
 * Signs `groups`, which fit into one batch, sends them, and checks the answer: that it is to this
 * batch, and signed by the gateway that it was for.
 *
 * @returns verdicts on the first groups, at least one
 * @example
 * const { ok: verdicts, error } = await deliver({ journal: '0', first }, groups, deps, signal)
 */
export async function deliver(
  place: BatchPlace,
  groups: Groups,
  deps: DeliverDeps,
  signal: AbortSignal,
): Promise<Result<readonly InboxVerdict[], HandOnFailed>> {
  const { source, audience, clock } = deps
  const says = { ...place, source, audience, madeMs: clock.nowMs() }
  const batch = await makeBatch(says, groups, deps)
  const answer = await deps.send(batch, signal)
  if (answer.error !== undefined) return answer
  const { ok: signed, error } = decodeAck(answer.ok)
  if (signed === undefined) return refuse(error.message)
  const { ack, body, signature } = signed
  const sent = deps.hasher.sha256(decodeBatch(batch).ok!.headerBytes)
  if (!bytesEqual(ack.batch, sent) || ack.by !== audience || ack.source !== source)
    return refuse('answer expected to be to the batch that was sent, got another')
  const { length } = ack.verdicts
  if (length === 0 || length > groups.length)
    return refuse(`answer expected 1..${groups.length} verdicts, got ${length}`)
  const how = await signedBy(audience, body, signature, deps.signatures, signal)
  if (how !== 'signed')
    return refuse(`answer expected the signature of ${audience}, got none of its`)
  return ok(ack.verdicts)
}

function refuse(message: string): { readonly error: HandOnFailed } {
  return fail(new HandOnFailed(message))
}
