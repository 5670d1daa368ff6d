/**
 * Claims as they are shown to people and scripts.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { base58btc } from 'multiformats/bases/base58'
import { readKnownClaim } from '@turnpike/core/claims/read'
import { CLAIMS_LISTED_MAX } from '@turnpike/core/limits/claims'
import { linkFromBytes, linkToString } from '@turnpike/core/link'
import type { Clock } from '@turnpike/core/ports/runtime'
import { nodeHasher } from '../hasher.ts'
import { CatalogClaims, type ListedClaim } from './store.ts'

/** A claim as JSON. */
export interface ShownClaim {
  readonly cid: string
  readonly kind: string
  /** Multihash in multibase: a claim may be about no codec. */
  readonly content: string
  readonly issuer: string
  readonly space: string | null
  /** Of a location claim. */
  readonly urls: readonly string[]
  /** CID of what an index claim names. */
  readonly index: string | null
  readonly standing: 'in force' | 'early' | 'expired'
  /** Whether others are shown it: not one with the address of our own store. */
  readonly public: boolean
  /** ISO 8601. */
  readonly expiresAt: string | null
}

/**
 * Claims about a multihash, or of everything, newest first, at most `CLAIMS_LISTED_MAX`.
 *
 * @example
 * showClaims(catalog, undefined, nodeClock)
 */
export function showClaims(
  catalog: DatabaseSync,
  content: Uint8Array | undefined,
  clock: Clock,
): ShownClaim[] {
  const nowMs = clock.nowMs()
  const claims = new CatalogClaims(catalog, clock).list(content, CLAIMS_LISTED_MAX)
  return claims.map((claim) => shownOf(claim, nowMs))
}

function shownOf(claim: ListedClaim, nowMs: number): ShownClaim {
  const says = readKnownClaim(claim.archive, nodeHasher).ok?.says
  const { cid, kind, content, issuer, space = null, startsMs = 0, expiresMs = Infinity } = claim
  const held = startsMs > nowMs ? 'early' : 'in force'
  return {
    cid: linkToString(linkFromBytes(cid)!),
    kind,
    content: base58btc.encode(content),
    issuer,
    space,
    urls: says?.kind === 'location' ? says.urls : [],
    index: says?.kind === 'index' ? linkToString(says.index) : null,
    standing: expiresMs <= nowMs ? 'expired' : held,
    public: claim.public,
    expiresAt: expiresMs === Infinity ? null : new Date(expiresMs).toISOString(),
  }
}
