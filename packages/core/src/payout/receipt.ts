/**
 * Reads receipts of retrievals as storage nodes archive them. Nothing in them is believed yet.
 * Source: UCAN Invocation 0.1.0, section 5; ucanto, archives `ucan/receipt@0.9.1`.
 * @module
 */
import { decode, encode } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { keyOf, type BytesKey } from '../bytes.ts'
import { RECEIPT_ARCHIVE_BYTES_MAX, RECEIPT_BLOCKS_MAX } from '../limits/payout.ts'
import type { Hasher } from '../ports/runtime.ts'
import { fail, ok, type Result } from '../result.ts'
import { readUcanBlocks, type Ucan, type UcanBlocks } from '../ucan/archive.ts'
import type { SignedBytes } from '../ucan/signed-by.ts'
import { readVarint } from '../varint.ts'

/** Bytes are no archive of a receipt with its invocation. */
export class ReceiptMalformed extends Error {
  override readonly name = 'ReceiptMalformed'
}

/** A receipt, and what it is about. */
export interface ArchivedReceipt {
  /** Binary CID. */
  readonly cid: Uint8Array
  readonly signed: SignedBytes
  /** Whether it says that the invocation went well. */
  readonly isOk: boolean
  readonly invocation: Ucan
  /** A proof by its CID; undefined when it did not come along. */
  find(key: BytesKey): Ucan | undefined
}

const VARIANT = 'ucan/receipt@0.9.1'
const CID_BYTES_MAX = 64

/**
 * Reads an archive. Blocks are hashed; UCANs have the one form that their CIDs allow.
 *
 * @example
 * const read = readReceipt(frame.bytes, nodeHasher)
 * if (read.ok) read.ok.invocation.capabilities
 */
export function readReceipt(
  archive: Uint8Array,
  hasher: Hasher,
): Result<ArchivedReceipt, ReceiptMalformed> {
  const bounds = { bytesMax: RECEIPT_ARCHIVE_BYTES_MAX, blocksMax: RECEIPT_BLOCKS_MAX }
  const read = readUcanBlocks(archive, hasher, bounds)
  if (read.error) return malformed(read.error.message)
  try {
    return receiptIn(read.ok)
  } catch (error) {
    if (error instanceof ReceiptMalformed) return fail(error)
    return malformed(`receipt expected in DAG-CBOR: ${String(error)}`)
  }
}

type Fields = Readonly<Record<string, unknown>>

function receiptIn({ root, block, find }: UcanBlocks): Result<ArchivedReceipt, ReceiptMalformed> {
  const variant = fieldsOf(root && block(root))[VARIANT]
  const cid = CID.asCID(variant)?.bytes
  const bytes = cid && cid.length <= CID_BYTES_MAX ? block(keyOf(cid)) : undefined
  if (cid === undefined || bytes === undefined)
    return malformed(`root expected to be a ${VARIANT} that is in the archive`)
  const { ocm, sig } = fieldsOf(bytes) as { readonly ocm?: Fields; readonly sig?: unknown }
  const { iss, ran, out } = ocm ?? {}
  const task = CID.asCID(ran)?.bytes
  if (typeof iss !== 'string' || task === undefined || task.length > CID_BYTES_MAX)
    return malformed('receipt expected an issuer, and the link of what was run')
  const invocation = find(keyOf(task))
  if (invocation === undefined)
    return malformed('invocation expected in the archive, in canonical form')
  const outcome = out as Fields | null | undefined
  const isOk = outcome?.['ok'] !== undefined && outcome['error'] === undefined
  const signed = { issuer: iss, payload: encode(ocm), signature: signatureIn(sig) }
  return ok({ cid, signed, isOk, invocation, find })
}

function fieldsOf(bytes: Uint8Array | undefined): Fields {
  const value: unknown = bytes && decode(bytes)
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

/** A signature as UCANs write it: the algorithm's code, the length, the bytes. */
function signatureIn(sig: unknown): Ucan['signature'] {
  const bytes = sig instanceof Uint8Array ? sig : new Uint8Array()
  const code = bytes.length > 0 ? readVarint(bytes, 0) : undefined
  const length = code && readVarint(bytes, code.next)
  if (code === undefined || length === undefined || length.next + length.value !== bytes.length)
    throw new ReceiptMalformed('signature expected with its code and length')
  return { code: code.value, raw: bytes.subarray(length.next) }
}

function malformed(message: string): Result<never, ReceiptMalformed> {
  return fail(new ReceiptMalformed(message))
}
