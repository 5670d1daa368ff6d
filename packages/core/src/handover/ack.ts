/**
 * Signed answers to batches: what became of each group, by whom the sender may let go of it.
 * Layout: docs/reference/journal-batches.md.
 * @module
 */
import { concatBytes } from '../bytes.ts'
import {
  ACK_BYTES_MAX,
  BATCH_DID_CHARS_MAX,
  REFUSAL_CHARS_MAX,
  REFUSALS_TOLD_MAX,
} from '../limits/inbox.ts'
import { CborReader, InvalidCbor } from '../log/cbor-reader.ts'
import { CborWriter } from '../log/cbor-writer.ts'
import { HASH_BYTES, SIGNATURE_BYTES } from '../log/encode.ts'
import type { InboxVerdict } from '../ports/inbox.ts'
import type { BatchSigner } from './batch.ts'
import { fail, ok } from '../result.ts'
import type { Result } from '../result.ts'

/** First item of an answer. */
export const ACK_TAG = 'turnpike/journal-ack@1'
/** Media type of an answer. */
export const ACK_TYPE = 'application/vnd.turnpike.journal-ack'

const ITEMS = 6
const NO_REASON = 'no reason was given'
const KINDS = ['counted', 'seen', 'refused'] as const

/** What was answered: `[tag,by,source,batch,verdicts,reasons]`. */
export interface Ack {
  /** DID of the gateway that took the batch, and signs. */
  readonly by: string
  /** DID of the gateway that handed it on. */
  readonly source: string
  /** SHA-256 of the batch's header. */
  readonly batch: Uint8Array
  /** One for each group from the first. Groups beyond them are to be handed on again. */
  readonly verdicts: readonly InboxVerdict[]
}

/** An answer taken apart; its signature is not believed yet. */
export interface SignedAck {
  readonly ack: Ack
  /** What is signed. */
  readonly body: Uint8Array
  readonly signature: Uint8Array
}

/** These bytes are no answer to a batch. */
export class InvalidAck extends Error {
  override readonly name = 'InvalidAck'
}

/**
 * Makes and signs an answer. Reasons are cut at `REFUSAL_CHARS_MAX`, and told for the first
 * `REFUSALS_TOLD_MAX` groups that were refused.
 *
 * @example
 * const bytes = await makeAck({ by, source, batch: hasher.sha256(headerBytes), verdicts }, signer)
 */
export async function makeAck(ack: Ack, signer: BatchSigner): Promise<Uint8Array> {
  const { verdicts } = ack
  const reasons = verdicts
    .flatMap((verdict, group) =>
      verdict.kind === 'refused' ? [{ group, reason: cut(verdict.reason) }] : [],
    )
    .slice(0, REFUSALS_TOLD_MAX)
  // Four bytes of UTF-8 a character at most, and a head and a number for each reason.
  const room = verdicts.length + reasons.length * (4 * REFUSAL_CHARS_MAX + 16)
  const writer = new CborWriter(new Uint8Array(room + 8 * BATCH_DID_CHARS_MAX + 256))
  writer.array(ITEMS)
  writer.text(ACK_TAG)
  writer.text(ack.by)
  writer.text(ack.source)
  writer.bytes(ack.batch)
  writer.bytes(Uint8Array.from(verdicts, ({ kind }) => KINDS.indexOf(kind)))
  writer.array(2 * reasons.length)
  for (const { group, reason } of reasons) {
    writer.uint(group)
    writer.text(reason)
  }
  const body = writer.copy()
  return concatBytes([body, await signer.sign(body)])
}

/** At a whole character, so that what is cut is still text. */
function cut(reason: string): string {
  return reason.slice(0, REFUSAL_CHARS_MAX).toWellFormed()
}

/**
 * Takes an answer apart.
 *
 * @example
 * const { ok: signed, error } = decodeAck(body)
 */
export function decodeAck(bytes: Uint8Array): Result<SignedAck, InvalidAck> {
  if (bytes.length > ACK_BYTES_MAX)
    return fail(new InvalidAck(`answer expected <= ${ACK_BYTES_MAX} bytes, got ${bytes.length}`))
  const body = bytes.subarray(0, Math.max(0, bytes.length - SIGNATURE_BYTES))
  try {
    const ack = readAck(new CborReader(body))
    return ok({ ack, body, signature: bytes.subarray(body.length) })
  } catch (error) {
    if (error instanceof InvalidCbor) return fail(new InvalidAck(`answer, ${error.message}`))
    throw error
  }
}

function readAck(reader: CborReader): Ack {
  const items = reader.array()
  const tag = reader.text()
  if (items !== ITEMS || tag !== ACK_TAG)
    throw new InvalidCbor(0, `expected ${ITEMS} items of "${ACK_TAG}"`)
  const by = reader.text()
  const source = reader.text()
  const batch = reader.byteString(HASH_BYTES)
  const codes = reader.byteString()
  const reasons = readReasons(reader)
  reader.end()
  const verdicts = Array.from(codes, (code, group) => verdictOf(code, reasons.get(group)))
  return { by, source, batch, verdicts }
}

function readReasons(reader: CborReader): ReadonlyMap<number, string> {
  const reasons = new Map<number, string>()
  const items = reader.array()
  for (let i = 0; i < items; i += 2) reasons.set(reader.uint(), reader.text())
  return reasons
}

function verdictOf(code: number, reason: string | undefined): InboxVerdict {
  const kind = KINDS[code]
  if (kind === undefined) throw new InvalidCbor(0, `expected verdicts 0..2, got ${code}`)
  return kind === 'refused' ? { kind, reason: reason ?? NO_REASON } : { kind }
}
