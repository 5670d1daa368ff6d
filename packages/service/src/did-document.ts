/**
 * The DID document of a gateway that is a `did:web`.
 * Sources: W3C, "Decentralized Identifiers" 1.0; W3C CCG, "did:web Method".
 * @module
 */
import type { KeyDid } from '@turnpike/core/ports/principals'

/** How long others may keep the document: a rotated key is known to all after that. */
export const DID_DOCUMENT_MAX_AGE_SECONDS = 300

/**
 * A document that names keys, the one that signs now first: `#owner`, as other gateways of the
 * field call it, then `#previous-1` and so on.
 *
 * @example
 * didDocument('did:web:gateway.example', ['did:key:z6Mk…']).id // 'did:web:gateway.example'
 */
export function didDocument(
  did: string,
  keys: readonly KeyDid[],
): Readonly<Record<string, unknown>> {
  const methods = keys.map((key, index) => ({
    id: index === 0 ? `${did}#owner` : `${did}#previous-${index}`,
    type: 'Ed25519VerificationKey2020',
    controller: did,
    publicKeyMultibase: key.slice('did:key:'.length),
  }))
  const ids = methods.map(({ id }) => id)
  return {
    '@context': ['https://w3id.org/did/v1'],
    id: did,
    verificationMethod: methods,
    assertionMethod: ids,
    authentication: ids,
  }
}
