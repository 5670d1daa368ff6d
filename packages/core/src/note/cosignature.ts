/**
 * Cosignatures: what witnesses say of a log's checkpoint, and when.
 * Source: C2SP tlog-cosignature.
 * @module
 */
import type { Hasher } from '../ports/runtime.ts'
import { keyIdOf } from './key.ts'
import type { NoteSignature, NoteSigner, Signed } from './note.ts'

const TIME_BYTES = 8
const SIGNATURE_BYTES = 64
const SECONDS_MAX = BigInt(Number.MAX_SAFE_INTEGER)

const utf8 = new TextEncoder()

/**
 * A witness's signature of a checkpoint.
 *
 * @param seconds since the Unix epoch; 0 says that the time is not told
 * @example
 * const cosignature = await cosign(note.text, 1_768_307_128, witness, hasher)
 */
export async function cosign(
  text: string,
  seconds: number,
  { name, publicKey, sign }: NoteSigner,
  hasher: Hasher,
): Promise<NoteSignature> {
  const signature = new Uint8Array(TIME_BYTES + SIGNATURE_BYTES)
  new DataView(signature.buffer).setBigUint64(0, BigInt(seconds))
  signature.set(await sign(messageOf(text, seconds)), TIME_BYTES)
  return { name, keyId: keyIdOf({ name, kind: 'cosignature', publicKey }, hasher), signature }
}

/** A witness's key signs a time and the text; for `verifyNote`. */
export const cosigned: Signed = ({ text }, signature) => {
  const seconds = cosignedAtSeconds(signature)
  if (seconds === undefined) return undefined
  return { message: messageOf(text, seconds), signature: signature.subarray(TIME_BYTES) }
}

/** Seconds since the Unix epoch that a cosignature says; undefined when it is malformed. */
export function cosignedAtSeconds(signature: Uint8Array): number | undefined {
  if (signature.length !== TIME_BYTES + SIGNATURE_BYTES) return undefined
  const { buffer, byteOffset } = signature
  const seconds = new DataView(buffer, byteOffset).getBigUint64(0)
  return seconds > SECONDS_MAX ? undefined : Number(seconds)
}

function messageOf(text: string, seconds: number): Uint8Array {
  return utf8.encode(`cosignature/v1\ntime ${seconds}\n${text}`)
}
