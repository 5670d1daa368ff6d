/**
 * Makes invocations without ucanto's signers.
 * Sources: UCAN 0.9.1; UCAN-IPLD.
 * @module
 */
import { encode, issue } from '@ipld/dag-ucan'
import * as Did from '@ipld/dag-ucan/did'
import { EdDSA } from '@ipld/dag-ucan/signature'
import { CID } from 'multiformats/cid'
import { DAG_CBOR, linkToBytes } from '../link.ts'
import { encodeMultihash, SHA2_256 } from '../multihash.ts'
import type { Hasher } from '../ports/runtime.ts'
import type { GatewaySigner, MessageBlock } from '../retrieve/message.ts'
import type { UcanCapability } from './archive.ts'
import { ed25519Signature } from './ed25519-signature.ts'

/** What an invocation is to say. */
export interface InvocationToSign {
  /** DID of the service. */
  readonly audience: string
  readonly capability: UcanCapability
  /** The delegations that it names, not what those stand on. */
  readonly proofs: readonly MessageBlock[]
  /** Wall-clock ms, of which whole seconds count; undefined for never. */
  readonly expiresMs: number | undefined
  /** Makes it another one than an equal one. */
  readonly nonce: string
}

/**
 * Signs an invocation. Ed25519 is deterministic: the same input makes the same bytes, and CID.
 *
 * @example
 * const block = await signInvocation(asked, { signer, hasher: nodeHasher })
 */
export async function signInvocation(
  { audience, capability, proofs, expiresMs, nonce }: InvocationToSign,
  { signer, hasher }: { readonly signer: GatewaySigner; readonly hasher: Hasher },
): Promise<MessageBlock> {
  const view = await issue({
    issuer: {
      did: () => signer.did as `did:key:${string}`,
      signatureCode: EdDSA,
      signatureAlgorithm: 'EdDSA',
      sign: (payload) => ed25519Signature(signer.sign(payload)) as never,
    },
    audience: Did.parse(audience),
    capabilities: [capability as never],
    proofs: proofs.map(({ link }) => CID.decode(linkToBytes(link)) as never),
    expiration: expiresMs === undefined ? Infinity : Math.floor(expiresMs / SECOND_MS),
    nonce,
  })
  const bytes = encode(view)
  const multihash = encodeMultihash(SHA2_256, hasher.sha256(bytes))
  return { link: { version: 1, codec: DAG_CBOR, multihash }, bytes }
}

const SECOND_MS = 1000
