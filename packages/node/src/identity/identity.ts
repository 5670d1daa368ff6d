/**
 * Who a gateway is: its key, or a name of the web that stands for it.
 * @module
 */
import type { KeyDid } from '@turnpike/core/ports/principals'

/** The setting: `key`, or the `did:web` that the gateway is to have. */
export type IdentitySetting = 'key' | `did:web:${string}`

/** Keys of a data folder's gateway. */
export interface GatewayKeys {
  /** The one that signs. */
  readonly gateway: KeyDid
  /** Those that signed before it, and are still believed. */
  readonly previous: readonly KeyDid[]
}

/** Who a gateway is. */
export interface GatewayIdentity {
  /** The DID that it has. */
  readonly did: KeyDid | `did:web:${string}`
  /** All DIDs by which it may be called, that one first. */
  readonly dids: readonly string[]
  /** Keys of its DID document, the one that signs first. */
  readonly keys: readonly KeyDid[]
}

/**
 * The identity by setting and keys. Delegations to a key of the gateway count, too, whatever its
 * DID is: a name may be taken later, and keys change.
 *
 * @example
 * identityOf('did:web:gateway.example', { gateway: 'did:key:z6Mk…', previous: [] }).did
 */
export function identityOf(
  setting: IdentitySetting,
  { gateway, previous }: GatewayKeys,
): GatewayIdentity {
  const keys = [gateway, ...previous]
  if (setting === 'key') return { did: gateway, dids: keys, keys }
  return { did: setting, dids: [setting, ...keys], keys }
}

/** Keys of DIDs that need not be asked for: the operator's map, and the gateway's own. */
export function knownKeys(
  identity: GatewayIdentity,
  map: readonly MappedDid[],
): ReadonlyMap<string, readonly KeyDid[]> {
  const known = new Map<string, readonly KeyDid[]>()
  for (const { did, key } of map) known.set(did, [...(known.get(did) ?? []), key])
  if (identity.did.startsWith('did:web:')) known.set(identity.did, identity.keys)
  return known
}

/** A key that an operator gives to a DID. */
export interface MappedDid {
  readonly did: string
  readonly key: KeyDid
}
