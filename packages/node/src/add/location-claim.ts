/**
 * Location claims: where a shard lies, and whose it is, signed by this gateway.
 * @module
 */
import { delegate, DID } from '@ucanto/core'
import { base58btc } from 'multiformats/bases/base58'
import { CAR, linkToCid } from '@turnpike/core/link'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { Signer } from '../folder/keys.ts'

/** A claim as the catalog keeps it. */
export interface IssuedClaim {
  /** Binary CID of the UCAN. */
  readonly cid: Uint8Array
  /** The UCAN in a CAR, as ucanto archives it. */
  readonly archive: Uint8Array
}

/**
 * Issues `assert/location` for a shard of our own store (Storacha, "content claims": `content`,
 * `location`, and `space` as DID bytes). It does not expire: it goes when the shard does.
 *
 * The location is `local:<multihash>`: the store that the catalog belongs to. A deployment that
 * tells others where its blobs lie issues claims with its public address from these.
 *
 * @param shard multihash of the shard
 * @example
 * const { archive } = await issueLocation(gateway, 'did:key:z6Mk…', shard)
 */
export async function issueLocation(
  gateway: Signer,
  space: SpaceDid,
  shard: Uint8Array,
): Promise<IssuedClaim> {
  const audience = DID.parse(space)
  const claim = await delegate({
    issuer: gateway,
    audience,
    capabilities: [
      {
        can: 'assert/location',
        with: gateway.did(),
        nb: {
          content: linkToCid({ version: 1, codec: CAR, multihash: shard }),
          location: [`local:${base58btc.encode(shard)}`],
          space: Uint8Array.from(audience),
        },
      },
    ],
    expiration: Infinity,
  })
  const archived = await claim.archive()
  if (archived.error) throw archived.error
  return { cid: claim.cid.bytes, archive: archived.ok }
}
