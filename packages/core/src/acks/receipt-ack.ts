/**
 * Acknowledgements: what a reader signs about what it got, after the body.
 * Source: docs/concepts/acknowledgements.md.
 * @module
 */
import { HASH_BYTES, SIGNATURE_BYTES } from '../log/encode.ts'
import { RECEIPT_ID_BYTES } from '../log/receipt-id.ts'
import { decodeBase64 } from '../note/base64.ts'
import { fail, ok } from '../result.ts'
import type { Result } from '../result.ts'

/** What a reader says about one read. */
export interface ReceiptAck {
  /** Public id of the read, as in `X-Receipt-Id` (16 bytes). */
  readonly receipt: Uint8Array
  /** Body bytes that it got. */
  readonly bytes: bigint
  /** Wall-clock ms, by the reader's clock. */
  readonly ts: number
  /** Ed25519 public key (32 bytes). */
  readonly key: Uint8Array
  /** Over {@link ackMessage} (64 bytes). */
  readonly signature: Uint8Array
}

/** This is no acknowledgement. */
export class InvalidAck extends Error {
  override readonly name = 'InvalidAck'
}

const utf8 = new TextEncoder()
const HEX_ID = /^[0-9a-f]{32}$/

/**
 * What a reader signs: the log, its receipt, bytes and time, a line each. The log's name keeps an
 * acknowledgement for one gateway from counting at another.
 *
 * @example
 * sign(ackMessage('did:key:z6Mk…/log', { receipt, bytes: 1000n, ts: Date.now() }))
 */
export function ackMessage(
  origin: string,
  { receipt, bytes, ts }: Pick<ReceiptAck, 'receipt' | 'bytes' | 'ts'>,
): Uint8Array {
  const id = Array.from(receipt, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return utf8.encode(`receipt-ack/v1\n${origin}\n${id}\n${bytes}\n${ts}\n`)
}

/**
 * Reads `{"receipt", "bytes", "ts", "key", "signature"}`: hex, two numbers, and base64 twice.
 *
 * @example
 * const { ok: ack, error } = parseAck('{"receipt":"0f1e…","bytes":1000,"ts":1760000000000,…}')
 */
export function parseAck(text: string): Result<ReceiptAck, InvalidAck> {
  let fields: Readonly<Record<string, unknown>>
  try {
    const json: unknown = JSON.parse(text)
    fields = typeof json === 'object' && json !== null ? (json as typeof fields) : {}
  } catch {
    return refuse('expected JSON')
  }
  const { receipt, bytes, ts } = fields
  if (typeof receipt !== 'string' || !HEX_ID.test(receipt))
    return refuse('"receipt" expected the 32 hex digits of X-Receipt-Id, in lower case')
  if (!isCount(bytes)) return refuse('"bytes" expected a whole number below 2^53')
  if (!isCount(ts)) return refuse('"ts" expected milliseconds since 1970')
  const key = bytesIn(fields['key'], HASH_BYTES)
  if (key === undefined) return refuse('"key" expected 32 bytes in base64')
  const signature = bytesIn(fields['signature'], SIGNATURE_BYTES)
  if (signature === undefined) return refuse('"signature" expected 64 bytes in base64')
  const id = Uint8Array.from({ length: RECEIPT_ID_BYTES }, (_, at) => {
    return Number.parseInt(receipt.slice(2 * at, 2 * at + 2), 16)
  })
  return ok({ receipt: id, bytes: BigInt(bytes), ts, key, signature })
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function bytesIn(text: unknown, length: number): Uint8Array | undefined {
  const bytes = typeof text === 'string' ? decodeBase64(text) : undefined
  return bytes?.length === length ? bytes : undefined
}

function refuse(message: string): { readonly error: InvalidAck } {
  return fail(new InvalidAck(message))
}
