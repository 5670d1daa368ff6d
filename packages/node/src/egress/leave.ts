/**
 * By what a space lets this gateway record its egress: a stored delegation.
 * @module
 */
import type { RecordLeave } from '@turnpike/accounting/egress/send'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { DelegationStore } from '@turnpike/core/ports/delegations'
import type { GatewaySigner } from '@turnpike/core/retrieve/message'
import { mayRecord, recordingAllowedBy } from '@turnpike/core/ucan/record'
import { proofsOf, type ProofRules } from '../authorize/stored-proofs.ts'

/** What leave is found by. */
export interface LeaveOptions extends Omit<ProofRules, 'signal' | 'allowedBy' | 'gateways'> {
  readonly store: Pick<DelegationStore, 'forSpace' | 'revoked'>
  /** DIDs that the gateway's key signs as. */
  readonly signsAs: readonly string[]
  readonly signAs: (did: string) => GatewaySigner
}

/**
 * The oldest delegation by which a space lets this gateway record: the same as long as it holds, so
 * that a record is the same each time it is sent.
 *
 * @example
 * const leave = await leaveOf('did:key:z6Mk…', options, signal)
 */
export async function leaveOf(
  space: string,
  { signsAs, signAs, ...rules }: LeaveOptions,
  signal: AbortSignal,
): Promise<RecordLeave | undefined> {
  for (const delegation of await rules.store.forSpace(space as SpaceDid)) {
    const { audience } = delegation
    if (!signsAs.includes(audience) || !mayRecord(delegation)) continue
    const gateways = [audience]
    const allowedBy = recordingAllowedBy
    const proofs = await proofsOf(delegation, { ...rules, gateways, signal, allowedBy })
    if (proofs !== undefined) return { signer: signAs(audience), proofs }
  }
  return undefined
}
