/**
 * Reads receipts out of an agent message.
 * Source: ucanto, `ucanto/message@7.0.0` and receipts; UCAN Invocation 0.1.0, section 5.
 * @module
 */
import { decode as decodeCbor, encode as encodeCbor } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { keyOf, type BytesKey } from '../bytes.ts'
import { RECEIPTS_BYTES_MAX, RECEIPTS_BLOCKS_MAX } from '../limits/queue.ts'
import type { Hasher } from '../ports/runtime.ts'
import { fail, ok, type Result } from '../result.ts'
import { readUcanBlocks, type UcanBlocks } from './archive.ts'

const VARIANT = 'ucanto/message@7.0.0'

/** Bytes are no agent message. */
export class NoReport extends Error {
  override readonly name = 'NoReport'
}

/** What a service says that an invocation came to; nobody has checked its signature. */
export interface Receipt {
  readonly issuer: string
  readonly out:
    | { readonly ok: NonNullable<unknown>; readonly error?: undefined }
    | { readonly error: { readonly name: string; readonly message: string } }
  /** What was signed, and the signature's 64 bytes. */
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

/**
 * Receipts of a message by the CIDs of their invocations. One that can't be read is missing.
 *
 * @example
 * const report = readReceipts(body, nodeHasher)
 * report.ok?.get(keyOf(invocation))?.out.error?.name
 */
export function readReceipts(
  body: Uint8Array,
  hasher: Hasher,
): Result<ReadonlyMap<BytesKey, Receipt>, NoReport> {
  const bounds = { bytesMax: RECEIPTS_BYTES_MAX, blocksMax: RECEIPTS_BLOCKS_MAX }
  const read = readUcanBlocks(body, hasher, bounds)
  if (read.error) return fail(new NoReport(`agent message expected: ${read.error.message}`))
  const { root, block } = read.ok
  const report = (decoded(root && block(root))?.[VARIANT] as Fields | undefined)?.['report']
  if (typeof report !== 'object' || report === null)
    return fail(new NoReport(`agent message expected to be ${VARIANT} with a report`))
  const receipts = new Map<BytesKey, Receipt>()
  for (const [task, link] of Object.entries(report)) {
    const receipt = receiptIn(task, CID.asCID(link), read.ok)
    if (receipt !== undefined) receipts.set(keyOf(CID.parse(task).bytes), receipt)
  }
  return ok(receipts)
}

type Fields = Readonly<Record<string, unknown>>

function decoded(bytes: Uint8Array | undefined): Fields | undefined {
  if (bytes === undefined) return undefined
  try {
    const value: unknown = decodeCbor(bytes)
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined
  } catch {
    return undefined
  }
}

/** The receipt that a report names for a task, if it is one of that task. */
function receiptIn(task: string, link: CID | null, { block }: UcanBlocks): Receipt | undefined {
  const model = link === null ? undefined : decoded(block(keyOf(link.bytes)))
  const ocm = model?.['ocm'] as Fields | undefined
  const { ran, out, iss } = ocm ?? {}
  const sig = model?.['sig']
  if (String(CID.asCID(ran)) !== task || typeof iss !== 'string') return undefined
  if (!(sig instanceof Uint8Array) || !isEd25519(sig)) return undefined
  const outcome = outcomeIn(out)
  if (outcome === undefined) return undefined
  const signed = encodeCbor(ocm)
  return { issuer: iss, out: outcome, signed, signature: sig.subarray(ED25519_VARSIG.length) }
}

/** Ed25519 as varsig writes it: its code, and that 64 bytes follow. */
const ED25519_VARSIG = [0xed, 0xa1, 0x03, 64]

function isEd25519(sig: Uint8Array): boolean {
  return sig.length === 68 && ED25519_VARSIG.every((byte, at) => sig[at] === byte)
}

/** Exactly one of both: what has an error beside its success is no success. */
function outcomeIn(out: unknown): Receipt['out'] | undefined {
  const { ok: success, error } = (out ?? {}) as Fields
  if (error !== undefined) {
    const { name, message } = (error ?? {}) as Fields
    return { error: { name: String(name ?? 'Error'), message: String(message ?? '') } }
  }
  return success === undefined || success === null ? undefined : { ok: success }
}
