/**
 * The gateway's key for what is signed with each request: by `node:crypto`, which takes a fiftieth
 * of the time that ucanto's signer takes.
 * @module
 */
import { sign } from 'node:crypto'
import type { GatewaySigner } from '@turnpike/core/retrieve/message'
import { findKey } from '../folder/keys.ts'
import { privateKeyOf } from '../folder/quick-signer.ts'

/**
 * Opens the key of the gateway that owns a folder, to sign as each of its names.
 *
 * @returns undefined when there is none
 * @throws {KeyDamaged} when the file is not a key
 * @example
 * const signAs = await openSigner(folderPaths('./data').keys)
 * signAs?.('did:web:gateway.example').sign(message)
 */
export async function openSigner(
  keys: string,
): Promise<((did: string) => GatewaySigner) | undefined> {
  const signer = await findKey(keys, 'gateway')
  if (signer === undefined) return undefined
  const key = privateKeyOf(signer)
  return (did) => ({ did, sign: (message) => sign(null, message, key) })
}
