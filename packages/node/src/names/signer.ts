/**
 * Keys of the data folder that sign IPNS records.
 * @module
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { base58btc } from 'multiformats/bases/base58'
import type { Ed25519Signer } from '@turnpike/core/ports/keys'
import { loadKey } from '../folder/keys.ts'

/** What a key may be called; in lower case, since some file systems see no difference. */
export const KEY_NAME: RegExp = /^[a-z0-9][a-z0-9_-]{0,63}$/

/**
 * The signing key called `key`, made on first use, in a file of its own (`name-<key>.key`, 0600).
 *
 * @throws {KeyDamaged} when its file holds something else
 * @example
 * const signer = await loadNameKey('/data/keys', 'blog')
 */
export async function loadNameKey(directory: string, key: string): Promise<Ed25519Signer> {
  if (!KEY_NAME.test(key)) throw new RangeError(`"key" expected ${KEY_NAME}, got "${key}"`)
  const signer = await loadKey(directory, fileOf(key))
  // A did:key is the key in base58btc, after two bytes that say its kind.
  const tagged = base58btc.decode(signer.did().slice('did:key:'.length))
  return {
    publicKey: tagged.subarray(2),
    sign: async (message) => (await signer.sign(message)).raw,
  }
}

/** The signing key called `key`, or undefined when there is none. */
export async function findNameKey(
  directory: string,
  key: string,
): Promise<Ed25519Signer | undefined> {
  if (!existsSync(join(directory, `${fileOf(key)}.key`))) return undefined
  return loadNameKey(directory, key)
}

function fileOf(key: string): string {
  return `name-${key}`
}
