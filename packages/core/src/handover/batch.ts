/**
 * Signed batches: journal groups on their way from the host that wrote them to one that counts
 * them. Layout: docs/reference/journal-batches.md.
 *
 * A batch is a header (a canonical DAG-CBOR array), the 64 bytes of an Ed25519 signature of it, and
 * a payload as a journal's frames have it, whose SHA-256 stands in the header.
 * @module
 */
import { concatBytes } from '../bytes.ts'
import {
  BATCH_DID_CHARS_MAX,
  BATCH_HEADER_BYTES_MAX,
  BATCH_JOURNAL_CHARS_MAX,
  BATCH_PAYLOAD_BYTES_MAX,
} from '../limits/inbox.ts'
import { FRAME_ENTRIES_MAX } from '../limits/log.ts'
import { CborReader, InvalidCbor } from '../log/cbor-reader.ts'
import { CborWriter } from '../log/cbor-writer.ts'
import { HASH_BYTES, SIGNATURE_BYTES } from '../log/encode.ts'
import { FrameBuilder, FRAME_HEADER_BYTES, frameGroups, groupBytes } from '../log/frame.ts'
import type { Groups } from '../log/frame.ts'
import type { Ed25519Signer } from '../ports/keys.ts'
import type { Hasher } from '../ports/runtime.ts'
import { fail, ok } from '../result.ts'
import type { Result } from '../result.ts'

/** A key that signs as a gateway. */
export type BatchSigner = Pick<Ed25519Signer, 'sign'>

/** First item of a header: what is signed, and its version. No other text of ours begins so. */
export const BATCH_TAG = 'turnpike/journal-batch@1'
/** Media type of a batch. */
export const BATCH_TYPE = 'application/vnd.turnpike.journal-batch'

const HEADER_ITEMS = 8

/** What a batch says of itself: `[tag,source,audience,journal,first,count,made,payload]`. */
export interface BatchHeader {
  /** DID of the gateway whose reads these are, and who signs. */
  readonly source: string
  /** DID of the gateway that is to count them. */
  readonly audience: string
  /** Name of the journal at its source. */
  readonly journal: string
  /** Number of the first entry in that journal. */
  readonly first: number
  /** Number of entries. */
  readonly count: number
  /** Wall-clock ms at which the batch was made. */
  readonly madeMs: number
  /** SHA-256 of the payload. */
  readonly payloadHash: Uint8Array
}

/** A batch taken apart, nothing of it believed yet. Byte fields are views. */
export interface SignedBatch {
  readonly header: BatchHeader
  /** What is signed. */
  readonly headerBytes: Uint8Array
  readonly signature: Uint8Array
  readonly payload: Uint8Array
}

/** These bytes are no batch. */
export class InvalidBatch extends Error {
  override readonly name = 'InvalidBatch'
}

/**
 * How many of `groups`, from the first, fit into one batch; at least one.
 *
 * @example
 * const next = groups.slice(0, fittingGroups(groups))
 */
export function fittingGroups(groups: Groups): number {
  let bytes = 0
  let entries = 0
  for (const [i, group] of groups.entries()) {
    bytes += groupBytes(group)
    entries += group.length
    if (i > 0 && (bytes > BATCH_PAYLOAD_BYTES_MAX || entries > FRAME_ENTRIES_MAX)) return i
  }
  return groups.length
}

/**
 * Makes and signs a batch of groups that fit.
 *
 * @throws {RangeError} when they don't, or a name is too long
 * @example
 * const batch = await makeBatch({ source, audience, journal: '0', first, madeMs }, groups, keys)
 */
export async function makeBatch(
  says: Omit<BatchHeader, 'count' | 'payloadHash'>,
  groups: Groups,
  { signer, hasher }: { readonly signer: BatchSigner; readonly hasher: Hasher },
): Promise<Uint8Array> {
  const payload = payloadOf(groups)
  const count = groups.reduce((sum, group) => sum + group.length, 0)
  const header = encodeHeader({ ...says, count, payloadHash: hasher.sha256(payload) })
  return concatBytes([header, await signer.sign(header), payload])
}

function payloadOf(groups: Groups): Uint8Array {
  const builder = new FrameBuilder(new Uint8Array(BATCH_PAYLOAD_BYTES_MAX + FRAME_HEADER_BYTES))
  for (const group of groups) builder.append(group)
  return builder.seal(0, () => 0).subarray(FRAME_HEADER_BYTES)
}

function encodeHeader(header: BatchHeader): Uint8Array {
  const { source, audience, journal } = header
  for (const did of [source, audience])
    if (did.length > BATCH_DID_CHARS_MAX)
      throw new RangeError(`DID expected <= ${BATCH_DID_CHARS_MAX} characters, got ${did.length}`)
  if (journal.length > BATCH_JOURNAL_CHARS_MAX)
    throw new RangeError(
      `"journal" expected <= ${BATCH_JOURNAL_CHARS_MAX} characters, got ${journal.length}`,
    )
  const writer = new CborWriter(new Uint8Array(BATCH_HEADER_BYTES_MAX))
  writer.array(HEADER_ITEMS)
  writer.text(BATCH_TAG)
  writer.text(source)
  writer.text(audience)
  writer.text(journal)
  writer.uint(header.first)
  writer.uint(header.count)
  writer.uint(header.madeMs)
  writer.bytes(header.payloadHash)
  return writer.copy()
}

/**
 * Takes a batch apart. Whether its payload is the one that was signed, and by whom, is not looked
 * at: {@link batchGroups} and `signedBy` do that.
 *
 * @example
 * const { ok: batch, error } = decodeBatch(body)
 */
export function decodeBatch(bytes: Uint8Array): Result<SignedBatch, InvalidBatch> {
  try {
    const reader = new CborReader(bytes)
    const header = readHeader(reader)
    const end = reader.offset
    const payload = bytes.subarray(end + SIGNATURE_BYTES)
    if (end > BATCH_HEADER_BYTES_MAX)
      return fail(new InvalidBatch(`header expected <= ${BATCH_HEADER_BYTES_MAX} bytes`))
    if (payload.length === 0 || payload.length > BATCH_PAYLOAD_BYTES_MAX)
      return fail(
        new InvalidBatch(`payload expected 1..${BATCH_PAYLOAD_BYTES_MAX}, got ${payload.length}`),
      )
    return ok({
      header,
      headerBytes: bytes.subarray(0, end),
      signature: bytes.subarray(end, end + SIGNATURE_BYTES),
      payload,
    })
  } catch (error) {
    if (error instanceof InvalidCbor) return fail(new InvalidBatch(`header, ${error.message}`))
    throw error
  }
}

function readHeader(reader: CborReader): BatchHeader {
  const items = reader.array()
  const tag = reader.text()
  if (items !== HEADER_ITEMS || tag !== BATCH_TAG)
    throw new InvalidCbor(0, `expected ${HEADER_ITEMS} items of "${BATCH_TAG}"`)
  // Object literals evaluate in the order they are written, which is the order of the items.
  return {
    source: reader.text(),
    audience: reader.text(),
    journal: reader.text(),
    first: reader.uint(),
    count: reader.uint(),
    madeMs: reader.uint(),
    payloadHash: reader.byteString(HASH_BYTES),
  }
}

/**
 * The groups of a batch, when its payload is the one that its header names.
 *
 * @example
 * const { ok: groups, error } = batchGroups(batch, hasher)
 */
export function batchGroups(batch: SignedBatch, hasher: Hasher): Result<Groups, InvalidBatch> {
  const { header, payload } = batch
  const hash = hasher.sha256(payload)
  if (hash.some((byte, i) => byte !== header.payloadHash[i]))
    return fail(new InvalidBatch('payload expected the hash that was signed, got other bytes'))
  const groups = frameGroups({ payload, count: header.count })
  return groups === undefined
    ? fail(new InvalidBatch(`payload expected ${header.count} entries, got other bytes`))
    : ok(groups)
}
