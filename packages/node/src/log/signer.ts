/**
 * The key by which a log signs its checkpoints: its own, so that it stays when the gateway gets
 * another.
 * @module
 */
import { createPublicKey, sign } from 'node:crypto'
import type { NoteSigner } from '@turnpike/core/note/note'
import { makeDirectory } from '../durable.ts'
import { loadKey } from '../folder/keys.ts'
import { privateKeyOf } from '../folder/quick-signer.ts'

/** Bytes at the end of a public key's PKIX form (RFC 8410, section 4). */
const PUBLIC_KEY_BYTES = 32

/**
 * Opens the log's key, and makes it when there is none.
 *
 * @param name the log's origin
 * @throws {KeyDamaged} when the file is not a key
 * @example
 * const signer = await openLogSigner(folderPaths('./data').keys, 'gateway.example/log')
 */
export async function openLogSigner(keys: string, name: string): Promise<NoteSigner> {
  await makeDirectory(keys)
  const key = privateKeyOf(await loadKey(keys, 'log'))
  const pkix = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return {
    name,
    publicKey: new Uint8Array(pkix.subarray(-PUBLIC_KEY_BYTES)),
    sign: (message) => new Uint8Array(sign(null, message, key)),
  }
}
