/**
 * Delegations that this deployment issues itself, with keys of its spaces.
 * @module
 */
import { delegate, DID } from '@ucanto/core'
import { SERVE_HTTP } from '@turnpike/core/ucan/serve-caveats'
import type { Signer } from '../folder/keys.ts'

/** What a space delegates to a gateway that may serve all its content. */
export const SERVE_ALL = 'space/content/serve/*'

/** What a delegation is to say. */
export interface Serving {
  /** The space's own key. */
  readonly space: Signer
  /** DID of the gateway. */
  readonly audience: string
  /** Who shows this is served; undefined for everybody. */
  readonly token?: string | undefined
  /** Wall-clock ms after which it is over; whole seconds count. Undefined for never. */
  readonly expiresMs?: number | undefined
}

/** A delegation and its archive. */
export interface IssuedDelegation {
  /** The CID as text. */
  readonly cid: string
  readonly archive: Uint8Array
}

/**
 * Issues a delegation by which a gateway may serve a space: all of it to everybody
 * (`space/content/serve/*`), or to who shows a token (`space/content/serve/transport/http`). The
 * same one again is the same one.
 *
 * @example
 * const { cid, archive } = await issueServing({ space, audience: 'did:web:gateway.example' })
 */
export async function issueServing({
  space,
  audience,
  token,
  expiresMs = Infinity,
}: Serving): Promise<IssuedDelegation> {
  const resource = space.did()
  const delegation = await delegate({
    issuer: space,
    audience: DID.parse(audience),
    capabilities: [
      token === undefined
        ? { can: SERVE_ALL, with: resource }
        : { can: SERVE_HTTP, with: resource, nb: { token } },
    ],
    expiration: Math.floor(expiresMs / 1000),
  })
  const archived = await delegation.archive()
  if (archived.error) throw archived.error
  return { cid: `${delegation.cid}`, archive: archived.ok }
}
