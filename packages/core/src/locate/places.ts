/**
 * What claims and indexes of others say of where blocks lie, kept for as long as they may be used.
 * @module
 */
import { LRUCache } from 'lru-cache'
import type { DagIndex } from '../blob-index.ts'
import { bytesEqual, bytesOfKey, keyOf, type BytesKey } from '../bytes.ts'
import type { Claim } from '../claims/read.ts'
import { believedSpace, isTrusted, type ClaimTrust } from '../claims/trust.ts'
import {
  LOCATED_CLAIMS_MAX,
  LOCATED_KEPT_MAX,
  LOCATED_KEPT_MS,
  LOCATED_PLACES_MAX,
} from '../limits/claims.ts'
import type { Link } from '../link.ts'
import type { Slice } from '../ports/blob.ts'
import type { SpaceDid } from '../ports/content.ts'
import type { Clock } from '../ports/runtime.ts'
import { KnownIndexes, type IndexedPlace } from './known-indexes.ts'
import { originOf } from '../origin/address.ts'
import {
  saidBy,
  sitesOf,
  slicesAt,
  TRUSTLESS,
  type LocatedBlob,
  type SaidLocation,
} from './sites.ts'

/** A location claim, and the space that it is believed to put its content in. */
interface KeptLocation {
  readonly says: SaidLocation
  readonly space: SpaceDid | undefined
}

interface KeptIndexClaim {
  readonly index: Link
  /** Indexes of who is believed come first; others' are used where there is none better. */
  readonly issuer: string
}

/** Something said, and until when. */
type Until<T> = T & {
  readonly claim: Uint8Array
  /** By the monotonic clock, however long the claim holds. */
  readonly keptUntilMs: number
  /** By the wall clock: Infinity for a claim that never expires. */
  readonly expiresMs: number
}

/** What is still to be asked for, before a block's places are known. */
export interface Wanting {
  /** Indexes that claims name, and that are not known. */
  readonly indexes: readonly Link[]
  /** Blobs of which nobody has said where they lie. */
  readonly blobs: readonly Uint8Array[]
}

/** What places are judged by. */
export interface PlacesDeps {
  readonly clock: Clock
  readonly trust: ClaimTrust
}

/**
 * A memory of verified claims. A place is of a space only by a believed claim about the blob that
 * it lies in; an index puts nothing in a space. Claims that are not believed lend further addresses
 * of a blob that a believed one put there, to be tried last.
 *
 * Content of no space is found under `undefined`.
 */
export class Places {
  readonly #deps: PlacesDeps
  readonly #locations = new LRUCache<BytesKey, readonly Until<KeptLocation>[]>({
    max: LOCATED_KEPT_MAX,
  })
  /** Index claims, by what they are about, and by the index. */
  readonly #indexClaims = new LRUCache<BytesKey, readonly Until<KeptIndexClaim>[]>({
    max: LOCATED_KEPT_MAX,
  })
  readonly #equals = new LRUCache<BytesKey, readonly Until<{ readonly other: Uint8Array }>[]>({
    max: LOCATED_KEPT_MAX,
  })
  /** Blocks at gateways that prove what they send, and no space. */
  readonly #gateways = new LRUCache<BytesKey, readonly Slice[]>({ max: LOCATED_KEPT_MAX })
  readonly #indexes: KnownIndexes

  constructor(deps: PlacesDeps, indexes: KnownIndexes = new KnownIndexes()) {
    this.#deps = deps
    this.#indexes = indexes
  }

  /** Keeps what a verified claim says. */
  addClaim(claim: Claim): void {
    const { says, issuer, content } = claim
    if (says.kind === 'location') {
      const space = believedSpace({ issuer, space: says.space }, this.#deps.trust)
      const said = { says: saidBy(says, issuer, space), space }
      this.#keep(this.#locations, content, claim, said, space !== undefined)
    } else if (says.kind === 'index') {
      const believed = isTrusted(issuer, this.#deps.trust)
      const said = { index: says.index, issuer }
      this.#keep(this.#indexClaims, content, claim, said, believed)
      this.#keep(this.#indexClaims, says.index.multihash, claim, said, believed)
    } else if (says.kind === 'equals') {
      this.#keep(this.#equals, content, claim, { other: says.equals.multihash }, false)
    }
  }

  /** Keeps an index whose archive has this hash, if a claim in force names it. */
  addIndex(archive: Uint8Array, index: DagIndex): boolean {
    const claims = this.#inForce(this.#indexClaims, archive)
    const isClaimed = claims.some((claim) => bytesEqual(claim.index.multihash, archive))
    return isClaimed && this.#indexes.add(archive, index)
  }

  /** Keeps that gateways send a block, of so many bytes, at these addresses. It is of no space. */
  addGateways(multihash: Uint8Array, urls: readonly string[], length: number): void {
    const sites = urls.map((url) => ({ url: `${TRUSTLESS}${url}`, provider: originOf(url) }))
    const key = `trustless ${keyOf(multihash)}`
    const blob = { multihash, key, size: length, sites }
    this.#gateways.set(keyOf(multihash), [{ blob, offset: 0, length }])
  }

  /** Spaces that a block is in, by DID. */
  spaces(multihash: Uint8Array): readonly SpaceDid[] {
    return this.#spacesNamed(multihash).filter((space) => this.slices(space, multihash).length > 0)
  }

  /**
   * Where a block lies in blobs of a space, best first. Of no space is only what no believed claim
   * puts in one, or anybody could take a block out of its space by claims of their own.
   */
  slices(space: SpaceDid | undefined, multihash: Uint8Array): readonly Slice[] {
    if (space === undefined && this.#spacesNamed(multihash).length > 0) return []
    const slices: Slice[] = []
    for (const place of this.#blobsWith(multihash, space)) {
      const locations = this.#inForce(this.#locations, place.content)
      const own = locations.filter((location) => location.space === space)
      if (own.length === 0) continue
      const others = locations.filter((location) => location.space !== space)
      const blobs = sitesOf(place.content, own.map(saysOf), others.map(saysOf))
      slices.push(...slicesAt(place, blobs))
      if (slices.length >= LOCATED_PLACES_MAX) break
    }
    const gateways = space === undefined ? this.#gateways.get(keyOf(multihash)) : undefined
    return [...slices, ...(gateways ?? [])].slice(0, LOCATED_PLACES_MAX)
  }

  #spacesNamed(multihash: Uint8Array): readonly SpaceDid[] {
    const named = this.#blobsWith(multihash).flatMap(({ content }) =>
      this.#inForce(this.#locations, content).flatMap(({ space }) => space ?? []),
    )
    return [...new Set(named)].toSorted()
  }

  /** What is to be asked for about a block whose places are not known. */
  wanting(multihash: Uint8Array): Wanting {
    const claims = this.#inForce(this.#indexClaims, multihash)
    const indexes = claims.map(({ index }) => index)
    const blobs = this.#blobsWith(multihash).map(({ content }) => content)
    return {
      indexes: indexes.filter((index) => !this.#indexes.has(index.multihash)),
      blobs: blobs.filter((blob) => this.#inForce(this.#locations, blob).length === 0),
    }
  }

  /** Addresses of a blob, whoever says so, whose whole is checked by whoever reads it. */
  blobSites(multihash: Uint8Array): readonly LocatedBlob[] {
    return sitesOf(multihash, this.#inForce(this.#locations, multihash).map(saysOf))
  }

  /** Forgets everything. */
  clear(): void {
    this.#locations.clear()
    this.#indexClaims.clear()
    this.#equals.clear()
    this.#gateways.clear()
    this.#indexes.clear()
  }

  /**
   * Where in blobs a block lies: it is one itself, or indexes say it; first those of who is
   * believed, or of the space itself.
   */
  #blobsWith(multihash: Uint8Array, space?: SpaceDid): readonly BlockInBlob[] {
    const { trust } = this.#deps
    const claimed = this.#indexes.listing(multihash).flatMap((key) => {
      const issuers = this.#inForce(this.#indexClaims, bytesOfKey(key)).map(({ issuer }) => issuer)
      const believed = issuers.some((issuer) => issuer === space || isTrusted(issuer, trust))
      return issuers.length === 0 ? [] : [{ key, believed }]
    })
    const places = claimed
      .toSorted((a, b) => Number(b.believed) - Number(a.believed))
      .flatMap(({ key }) => this.#indexes.places(key, multihash))
      .map(inBlob)
    const same = this.#inForce(this.#equals, multihash).map(({ other }) => other)
    const whole = [multihash, ...same].map((content) => ({ content, offset: 0, length: undefined }))
    return [...whole, ...places]
  }

  #keep<T extends object>(
    kept: LRUCache<BytesKey, readonly Until<T>[]>,
    about: Uint8Array,
    { cid, expiresMs = Infinity }: Claim,
    said: T,
    first: boolean,
  ): void {
    const keptUntilMs = this.#deps.clock.monotonicMs() + LOCATED_KEPT_MS
    const others = this.#inForce(kept, about).filter(({ claim }) => !bytesEqual(claim, cid))
    const entry = { ...said, claim: cid, keptUntilMs, expiresMs }
    const all = first ? [entry, ...others] : [...others, entry]
    kept.set(keyOf(about), all.slice(0, LOCATED_CLAIMS_MAX))
  }

  #inForce<T extends object>(
    kept: LRUCache<BytesKey, readonly Until<T>[]>,
    about: Uint8Array,
  ): readonly Until<T>[] {
    const all = kept.get(keyOf(about)) ?? []
    const nowMs = this.#deps.clock.nowMs()
    const monotonicMs = this.#deps.clock.monotonicMs()
    return all.filter((one) => nowMs < one.expiresMs && monotonicMs < one.keptUntilMs)
  }
}

/** A block in a blob; `length` undefined for all of it. */
export interface BlockInBlob {
  readonly content: Uint8Array
  readonly offset: number
  readonly length: number | undefined
}

function inBlob({ shard, offset, length }: IndexedPlace): BlockInBlob {
  return { content: shard, offset, length }
}

function saysOf({ says }: KeptLocation): SaidLocation {
  return says
}
