/**
 * Who may serve what, by the delegations in a catalog.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '@turnpike/core/ports/runtime'
import type { DidResolver } from '@turnpike/core/ports/principals'
import { ChainAuthorizer } from '@turnpike/core/ucan/authorizer'
import { SignatureChecks } from '@turnpike/core/ucan/signed-by'
import { CatalogDelegations } from '../catalog/delegations.ts'
import { nodeHasher } from '../hasher.ts'
import { nodeVerifier } from '../names/verifier.ts'

/** Whom a deployment believes in delegations. */
export interface Trust {
  /** DIDs of this gateway: the one that it has, and those that it had. */
  readonly gateways: readonly string[]
  /** Leads from DIDs that are no keys to keys; without one, only did:key signs. */
  readonly resolver?: DidResolver
  /** DIDs that may attest who issued a UCAN (`ucan/attest`). */
  readonly attesters?: readonly string[]
}

/**
 * The authorizer over an open catalog, which may be read-only.
 *
 * @example
 * const authorizer = catalogAuthorizer(catalog, nodeClock, { gateways: [gateway.did()] })
 */
export function catalogAuthorizer(
  catalog: DatabaseSync,
  clock: Clock,
  { gateways, resolver, attesters = [] }: Trust,
): ChainAuthorizer {
  return new ChainAuthorizer({
    store: new CatalogDelegations(catalog),
    hasher: nodeHasher,
    clock,
    gateways,
    attesters,
    checks: new SignatureChecks(nodeVerifier, resolver),
  })
}
