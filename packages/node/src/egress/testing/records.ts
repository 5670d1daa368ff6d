/**
 * Records of egress as gateways of others make them, by ucanto.
 * @module
 */
import { Delegation, DID, invoke, type API } from '@ucanto/core'
import { CID } from 'multiformats/cid'

/** What a record says, and on what it stands. */
export interface RecordSaid {
  readonly issuer: API.Signer
  /** DID of the service. */
  readonly audience: string
  readonly space: string
  readonly bytes?: unknown
  readonly servedAt?: unknown
  readonly nonce?: string
  readonly proofs?: readonly API.Delegation[]
  readonly expiration?: number
}

/** What was served, in tests. */
export const RESOURCE: CID = CID.parse('bafkqaaa')

/** An invocation of `space/content/serve/egress/record`. */
export function recordOf({
  issuer,
  audience,
  space,
  bytes = 100,
  servedAt = Date.now(),
  nonce = 'nonce',
  proofs = [],
  expiration = Infinity,
}: RecordSaid): API.IssuedInvocation {
  return invoke({
    issuer,
    audience: DID.parse(audience),
    capability: {
      can: 'space/content/serve/egress/record',
      with: space as `did:key:${string}`,
      nb: { resource: RESOURCE, bytes, servedAt },
    },
    nonce,
    proofs: proofs as never,
    expiration,
  })
}

/** A space lets somebody serve it, or do something else. */
export function letServe(
  issuer: API.Signer,
  audience: API.Principal,
  can: string = 'space/content/serve/*',
  { space = issuer.did(), ...options }: { space?: string; [option: string]: unknown } = {},
): Promise<API.Delegation> {
  return Delegation.delegate({
    issuer,
    audience,
    capabilities: [{ can, with: space }],
    expiration: Infinity,
    ...options,
  } as never)
}
