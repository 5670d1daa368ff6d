/**
 * Whether one of the keys behind a DID signed some bytes.
 * @module
 */
import type { SignatureVerifier } from '../ports/keys.ts'
import type { DidResolver } from '../ports/principals.ts'
import { publicKeyOf } from '../ucan/did-key.ts'

/** What signatures are checked with. */
export interface Signatures {
  readonly verifier: SignatureVerifier
  readonly resolver: DidResolver
}

/**
 * `signed` when an Ed25519 key of `did` signed `message`, `forged` when none did, `unknown` when
 * the keys of `did` can't be had now.
 *
 * @example
 * const how = await signedBy(did, header, signature, { verifier, resolver }, signal)
 */
export async function signedBy(
  did: string,
  message: Uint8Array,
  signature: Uint8Array,
  { verifier, resolver }: Signatures,
  signal: AbortSignal,
): Promise<'signed' | 'forged' | 'unknown'> {
  const resolved = did.startsWith('did:key:')
    ? { ok: { keys: [did] } }
    : await resolver.resolve(did, signal)
  if (resolved.ok === undefined)
    return resolved.error.fault === 'unavailable' ? 'unknown' : 'forged'
  for (const key of resolved.ok.keys) {
    const found = publicKeyOf(key)
    if (found?.kind === 'ed25519' && (await verifier.verify(found, message, signature)))
      return 'signed'
  }
  return 'forged'
}
