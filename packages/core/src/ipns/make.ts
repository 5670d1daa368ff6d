/**
 * Making IPNS records, signed with version 2 alone (IPNS spec, "Record Creation").
 * @module
 */
import { encode as encodeCbor } from '@ipld/dag-cbor'
import { concatBytes } from '../bytes.ts'
import type { Ed25519Signer } from '../ports/keys.ts'
import { varintLength, writeVarint } from '../varint.ts'
import type { IpnsRecord } from './record.ts'
import { SIGNATURE_PREFIX } from './validate.ts'

/** Tags of the fields `signatureV2` and `data`. */
const SIGNATURE_V2 = 0x42
const DATA = 0x4a

/**
 * Signs a record. Its key is not embedded: an Ed25519 name holds it whole.
 *
 * @throws {RangeError} when the sequence is no 64-bit number or a time is not whole
 * @example
 * await makeRecord({ value: '/ipfs/bafy…', sequence: 1n, eolMs, ttlMs: 300_000 }, signer)
 */
export async function makeRecord(record: IpnsRecord, signer: Ed25519Signer): Promise<Uint8Array> {
  const { value, sequence, eolMs, ttlMs = 0 } = record
  if (sequence < 0n || sequence >= 2n ** 64n)
    throw new RangeError(`"sequence" expected 0 to 2^64 - 1, got ${sequence}`)
  const encoder = new TextEncoder()
  const data = encodeCbor({
    Value: encoder.encode(value),
    Validity: encoder.encode(new Date(eolMs).toISOString()),
    ValidityType: 0,
    Sequence: sequence,
    TTL: BigInt(ttlMs) * 1_000_000n,
  })
  const signature = await signer.sign(concatBytes([SIGNATURE_PREFIX, data]))
  return concatBytes([field(SIGNATURE_V2, signature), field(DATA, data)])
}

function field(tag: number, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + varintLength(content.length) + content.length)
  bytes[0] = tag
  bytes.set(content, writeVarint(bytes, 1, content.length))
  return bytes
}
