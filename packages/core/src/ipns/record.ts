/**
 * IPNS records: their bytes taken apart, nothing believed yet (IPNS spec, "IPNS Record").
 * @module
 */
import { decode as decodeCbor } from '@ipld/dag-cbor'
import { bytesEqual } from '../bytes.ts'
import { IPNS_RECORD_BYTES_MAX } from '../limits/names.ts'
import { MalformedBlock } from '../malformed.ts'
import { fail, ok, type Result } from '../result.ts'
import { ProtobufCursor } from '../protobuf.ts'

/** A record is not to be believed: malformed, signed by nobody, or out of date. */
export class RecordInvalid extends Error {
  override readonly name = 'RecordInvalid'
}

/** What a record says. */
export interface IpnsRecord {
  /** What the name stands for, as it was written: `/ipfs/…` or `/ipns/…`. */
  readonly value: string
  readonly sequence: bigint
  /** End of life in Unix ms; after it the record says nothing any more. */
  readonly eolMs: number
  /** How long it may be kept before it is looked up again, ms; undefined when it does not say. */
  readonly ttlMs: number | undefined
}

/** A record's parts: what is signed, and what must agree with it. */
export interface RecordParts {
  readonly record: IpnsRecord
  /** The DAG-CBOR document that `signature` is over. */
  readonly data: Uint8Array
  readonly signature: Uint8Array
  /** The message `PublicKey`, when it is embedded. */
  readonly publicKey: Uint8Array | undefined
}

/** Fields of the message `IpnsRecord`. */
interface Message {
  value?: Uint8Array
  signatureV1?: Uint8Array
  validityType?: bigint
  validity?: Uint8Array
  sequence?: bigint
  ttl?: bigint
  publicKey?: Uint8Array
  signatureV2?: Uint8Array
  data?: Uint8Array
}

const BYTES_FIELDS = {
  1: 'value',
  2: 'signatureV1',
  4: 'validity',
  7: 'publicKey',
  8: 'signatureV2',
  9: 'data',
} as const
const NUMBER_FIELDS = { 3: 'validityType', 5: 'sequence', 6: 'ttl' } as const

/** What is signed, before it is made sense of: numbers as DAG-CBOR has them. */
interface Document {
  readonly Value: Uint8Array
  readonly Validity: Uint8Array
  readonly ValidityType: number | bigint
  readonly Sequence: number | bigint
  readonly TTL: number | bigint | undefined
}

/** Only type of validity that exists: an end of life. */
const EOL = 0n
const NS_PER_MS = 1_000_000n

/**
 * Takes a record apart. What it says is in its signed document; where the older fields beside it
 * are present, they must say the same.
 *
 * @example
 * const parts = decodeRecord(bytes)
 * if (parts.ok) parts.ok.record.value // '/ipfs/bafy…'
 */
export function decodeRecord(bytes: Uint8Array): Result<RecordParts, RecordInvalid> {
  if (bytes.length > IPNS_RECORD_BYTES_MAX)
    return invalid(`at most ${IPNS_RECORD_BYTES_MAX} bytes, got ${bytes.length}`)
  const message = decodeMessage(bytes)
  if (message === undefined) return invalid('a protobuf message, got something else')
  const { data, signatureV2: signature, publicKey } = message
  if (data === undefined || signature === undefined)
    return invalid('a signature of version 2, got none')
  const document = decodeDocument(data)
  if (document === undefined) return invalid('a DAG-CBOR map of its fields, got something else')
  const hasOldFields = message.value !== undefined || message.signatureV1 !== undefined
  if (hasOldFields && !agree(message, document))
    return invalid('the same in the fields of version 1 and in what is signed, got a difference')
  if (BigInt(document.ValidityType) !== EOL)
    return invalid(`validity type 0, got ${document.ValidityType}`)
  const eolMs = parseTime(document.Validity)
  if (eolMs === undefined) return invalid('an RFC 3339 time as its validity, got something else')
  const value = textOf(document.Value)
  if (value === undefined) return invalid('a path in UTF-8 as its value, got something else')
  const ttlMs = document.TTL === undefined ? undefined : Number(BigInt(document.TTL) / NS_PER_MS)
  const record = { value, sequence: BigInt(document.Sequence), eolMs, ttlMs }
  return ok({ record, data, signature, publicKey })
}

/** Refusal of a record. */
export function invalid(expected: string): { readonly error: RecordInvalid } {
  return fail(new RecordInvalid(`IPNS record expected ${expected}`))
}

/** Fields of the message; empty ones are absent, as proto3 has it. */
function decodeMessage(bytes: Uint8Array): Message | undefined {
  const message: Message = {}
  try {
    const cursor = new ProtobufCursor(bytes, 0, bytes.length)
    while (!cursor.done) {
      const tag = cursor.varint()
      const field = tag >>> 3
      const type = tag & 7
      if (type === 2 && Object.hasOwn(BYTES_FIELDS, field)) {
        const { start, end } = cursor.skipBytes()
        const name = BYTES_FIELDS[field as keyof typeof BYTES_FIELDS]
        if (end > start) message[name] = bytes.subarray(start, end)
        else delete message[name]
      } else if (type === 0 && Object.hasOwn(NUMBER_FIELDS, field))
        message[NUMBER_FIELDS[field as keyof typeof NUMBER_FIELDS]] = cursor.uint64()
      else cursor.skip(type)
    }
  } catch (error) {
    if (error instanceof MalformedBlock) return undefined
    throw error
  }
  return message
}

function decodeDocument(data: Uint8Array): Document | undefined {
  let decoded: Partial<Readonly<Record<keyof Document, unknown>>> | null
  try {
    decoded = decodeCbor(data)
  } catch {
    return undefined
  }
  if (typeof decoded !== 'object' || decoded === null) return undefined
  const { Value, Validity, ValidityType, Sequence, TTL } = decoded
  const fits =
    Value instanceof Uint8Array &&
    Validity instanceof Uint8Array &&
    isUint64(ValidityType) &&
    isUint64(Sequence) &&
    (TTL === undefined || isUint64(TTL))
  return fits ? { Value, Validity, ValidityType, Sequence, TTL } : undefined
}

function isUint64(value: unknown): value is number | bigint {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0
  return typeof value === 'bigint' && value >= 0n && value < 2n ** 64n
}

function agree(message: Message, document: Document): boolean {
  return (
    sameBytes(message.value, document.Value) &&
    sameBytes(message.validity, document.Validity) &&
    (message.validityType ?? 0n) === BigInt(document.ValidityType) &&
    (message.sequence ?? 0n) === BigInt(document.Sequence) &&
    (message.ttl ?? 0n) === BigInt(document.TTL ?? 0)
  )
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return bytesEqual(a ?? new Uint8Array(), b)
}

const TIME = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)$/

/** Unix ms of an RFC 3339 time, whose nanoseconds are cut; undefined when it is none. */
function parseTime(bytes: Uint8Array): number | undefined {
  const match = TIME.exec(textOf(bytes) ?? '')
  if (match === null) return undefined
  const [, day, time, fraction = '', zone] = match
  const ms = Date.parse(
    `${day}T${time}.${fraction.padEnd(3, '0').slice(0, 3)}${zone}`.toUpperCase(),
  )
  return Number.isNaN(ms) ? undefined : ms
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
