/**
 * The gateway's key for what is signed with each request: by `node:crypto`, which takes a fiftieth
 * of the time that ucanto's signer takes.
 * @module
 */
import { createPrivateKey, sign } from 'node:crypto'
import type { GatewaySigner } from '@turnpike/core/retrieve/message'
import { findKey } from '../folder/keys.ts'

/** What stands before an Ed25519 key in its PKCS #8 form (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
/** A key's bytes stand behind two that say its kind. */
const SECRET_AT = 2
const SECRET_BYTES = 32

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
  const secret = signer.encode().subarray(SECRET_AT, SECRET_AT + SECRET_BYTES)
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, secret]),
    format: 'der',
    type: 'pkcs8',
  })
  return (did) => ({ did, sign: (message) => sign(null, message, key) })
}
