/**
 * Whether an IPNS record is to be believed, and which of two is (IPNS spec, "Record Verification").
 * @module
 */
import { concatBytes } from '../bytes.ts'
import type { SignatureVerifier } from '../ports/keys.ts'
import type { Hasher } from '../ports/runtime.ts'
import { ok, type Result } from '../result.ts'
import { keyOfName } from './key.ts'
import { decodeRecord, invalid, type IpnsRecord, type RecordInvalid } from './record.ts'

/** What signatures of version 2 are over, before the document. */
export const SIGNATURE_PREFIX: Uint8Array = new TextEncoder().encode('ipns-signature:')

/** What validation needs of its runtime. */
export interface ValidateDeps {
  readonly hasher: Hasher
  readonly verifier: SignatureVerifier
}

/**
 * Checks that the key of `name` (a multihash) signed the record. Only signatures of version 2
 * count. Says nothing of its end of life: see {@link isInForce}.
 *
 * @example
 * const checked = await validateRecord(name, bytes, { hasher, verifier })
 * if (checked.ok && isInForce(checked.ok, nowMs)) checked.ok.value // '/ipfs/bafy…'
 */
export async function validateRecord(
  name: Uint8Array,
  bytes: Uint8Array,
  { hasher, verifier }: ValidateDeps,
): Promise<Result<IpnsRecord, RecordInvalid>> {
  const parts = decodeRecord(bytes)
  if (parts.error) return parts
  const { record, data, signature, publicKey } = parts.ok
  const key = keyOfName(name, publicKey, hasher)
  if (key === undefined)
    return invalid('the public key that its name stands for, got none or another')
  const message = concatBytes([SIGNATURE_PREFIX, data])
  if (!(await verifier.verify(key, message, signature)))
    return invalid('a signature by the key of its name, got another')
  return ok(record)
}

/** Whether a record's end of life is yet to come. */
export function isInForce(record: Pick<IpnsRecord, 'eolMs'>, nowMs: number): boolean {
  return record.eolMs > nowMs
}

/** What decides which of two valid records of a name counts. */
export type RecordRank = Pick<IpnsRecord, 'sequence' | 'eolMs'>

/** Whether `a` counts more than `b`: by its sequence, then by its end of life. */
export function isNewer(a: RecordRank, b: RecordRank): boolean {
  return a.sequence === b.sequence ? a.eolMs > b.eolMs : a.sequence > b.sequence
}
