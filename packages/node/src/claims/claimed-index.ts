/**
 * The `ContentIndex` port on the claims of others that were taken in.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { bytesEqual, keyOf } from '@turnpike/core/bytes'
import type { LocationSays } from '@turnpike/core/claims/says'
import { believedSpace, type ClaimTrust } from '@turnpike/core/claims/trust'
import {
  COVERING_INDEXES_MAX,
  DISTRUSTED_KEPT_MAX,
  LOCATED_KEPT_MS,
  LOCATED_PLACES_MAX,
} from '@turnpike/core/limits/claims'
import { saidBy, sitesOf, slicesAt, type SaidLocation } from '@turnpike/core/locate/sites'
import type { Slice } from '@turnpike/core/ports/blob'
import type { ContentIndex, SpaceDid } from '@turnpike/core/ports/content'
import type { Clock } from '@turnpike/core/ports/runtime'
import { Recent } from '@turnpike/core/recent'
import { IN_FORCE } from './store.ts'

/** Addresses of a blob, by claims of others: ours lead to our own store, which is known anyway. */
const ADDRESSES = `
  SELECT c.id, c.issuer, c.space, u.url, u.offset, u.length
  FROM claims c CROSS JOIN claim_urls u ON u.claim = c.id
  WHERE c.content = :multihash AND c.public AND c.kind = 'location' AND c.held IS NULL
    AND ${IN_FORCE}
  ORDER BY c.believed DESC, c.id LIMIT ${COVERING_INDEXES_MAX}`

const PLACES = `
  SELECT i.id AS source, h.multihash AS content, s.offset, s.length
  FROM claimed_slices s CROSS JOIN claimed_shards h ON h.id = s.shard
  CROSS JOIN claimed_indexes i ON i.id = h.source
  CROSS JOIN claims c ON c.id = i.claim AND ${IN_FORCE}
  WHERE s.multihash = :multihash LIMIT ${COVERING_INDEXES_MAX}`

/** Most deployments have no claims of others: for those a look-up costs 2 us instead of 20. */
const ANY = 'SELECT 1 FROM claims WHERE public AND held IS NULL LIMIT 1'

interface AddressRow {
  readonly id: number
  readonly issuer: string
  readonly space: SpaceDid | null
  readonly url: string
  readonly offset: number
  readonly length: number | null
}

/** Where a block lies: in a blob, from `offset`; `length` undefined for all of the blob. */
interface Place {
  readonly content: Uint8Array
  readonly offset: number
  readonly length: number | undefined
  /** Row of the index that says so; undefined where none need. */
  readonly source: number | undefined
}

/** What a claim says of a blob, and in which space it is believed to be. */
interface Address {
  readonly says: SaidLocation
  readonly space: SpaceDid | undefined
}

/**
 * Finds blocks in blobs that lie elsewhere. A block is in a space only by a believed claim about
 * the blob that it lies in, read anew each time: what has expired or was revoked is not used.
 * Claims that are not believed lend further addresses of such a blob, which are tried last.
 *
 * @example
 * new ClaimedIndex(catalog, { clock, trust }).slices('did:key:z6Mk…', [multihash])
 */
export class ClaimedIndex implements ContentIndex {
  readonly #clock: Clock
  readonly #trust: ClaimTrust
  readonly #addresses: StatementSync
  readonly #places: StatementSync
  readonly #any: StatementSync
  /** Until when indexes that lied to readers are not used, by their rows; monotonic ms. */
  readonly #distrusted = new Recent<number, number>(DISTRUSTED_KEPT_MAX)
  /** Sites at which a block was not where it was said to be. */
  readonly #lies = new Recent<string, ReadonlySet<string>>(DISTRUSTED_KEPT_MAX)

  constructor(
    catalog: DatabaseSync,
    { clock, trust }: { readonly clock: Clock; readonly trust: ClaimTrust },
  ) {
    this.#clock = clock
    this.#trust = trust
    this.#addresses = catalog.prepare(ADDRESSES)
    this.#places = catalog.prepare(PLACES)
    this.#any = catalog.prepare(ANY)
  }

  spaces(multihash: Uint8Array): readonly SpaceDid[] {
    if (this.#any.get() === undefined) return []
    const spaces = this.#placesOf(multihash).flatMap(({ content }) =>
      this.#addressesOf(content).flatMap(({ space }) => space ?? []),
    )
    return [...new Set(spaces)].filter((space) => this.#find(space, multihash).length > 0)
  }

  slices(space: SpaceDid, multihashes: readonly Uint8Array[]): readonly (readonly Slice[])[] {
    const isEmpty = this.#any.get() === undefined
    return multihashes.map((multihash) => (isEmpty ? [] : this.#find(space, multihash)))
  }

  /**
   * An index whose slice is wrong wherever its shard lies is not used by this process for a while:
   * it may have been the places that lied, and they may be mended.
   */
  lied(multihash: Uint8Array, { blob, offset }: Pick<Slice, 'blob' | 'offset'>, url: string): void {
    const key = `${offset} ${blob.key} ${keyOf(multihash)}`
    const urls = new Set(this.#lies.get(key)).add(url)
    this.#lies.keep(key, urls)
    if (!blob.sites.every((site) => urls.has(site.url))) return
    const untilMs = this.#clock.monotonicMs() + LOCATED_KEPT_MS
    for (const { source, content, offset: at } of this.#placesOf(multihash)) {
      const { multihash: shard } = blob
      const isIt = shard === undefined ? at <= offset : at === offset && bytesEqual(content, shard)
      if (source !== undefined && isIt) this.#distrusted.keep(source, untilMs)
    }
  }

  #find(space: SpaceDid, multihash: Uint8Array): Slice[] {
    const found: Slice[] = []
    for (const place of this.#placesOf(multihash)) {
      const addresses = this.#addressesOf(place.content)
      const own = addresses.filter((address) => address.space === space)
      if (own.length === 0) continue
      const others = addresses.filter((address) => address.space !== space)
      const blobs = sitesOf(place.content, own.map(saysOf), others.map(saysOf))
      found.push(...slicesAt(place, blobs))
      if (found.length >= LOCATED_PLACES_MAX) return found.slice(0, LOCATED_PLACES_MAX)
    }
    return found
  }

  /** The block may be a blob of its own, or lie in those that indexes say; each place once. */
  #placesOf(multihash: Uint8Array): Place[] {
    const whole: Place = { content: multihash, offset: 0, length: undefined, source: undefined }
    const places = new Map<string, Place>([['', whole]])
    for (const row of this.#places.all({ multihash, now: this.#clock.nowMs() })) {
      const place = row as unknown as Place & { readonly source: number }
      const { source, content, offset, length } = place
      if ((this.#distrusted.get(source) ?? -Infinity) > this.#clock.monotonicMs()) continue
      places.set(`${offset} ${length} ${keyOf(content)}`, place)
    }
    return [...places.values()]
  }

  #addressesOf(multihash: Uint8Array): Address[] {
    const rows = this.#addresses.all({ multihash, now: this.#clock.nowMs() })
    const byClaim = new Map<number, AddressRow[]>()
    for (const row of rows as unknown as AddressRow[])
      byClaim.set(row.id, [...(byClaim.get(row.id) ?? []), row])
    return [...byClaim.values()].map((urls) => addressOf(urls, this.#trust))
  }
}

function addressOf(rows: readonly AddressRow[], trust: ClaimTrust): Address {
  const { issuer, space, offset, length } = rows[0]!
  const named = space ?? undefined
  const says: LocationSays = {
    kind: 'location',
    urls: rows.map(({ url }) => url),
    offset,
    length: length ?? undefined,
    space: named,
  }
  const believed = believedSpace({ issuer, space: named }, trust)
  return { says: saidBy(says, issuer, believed), space: believed }
}

function saysOf({ says }: Address): SaidLocation {
  return says
}

/** What is looked up in turn: an index that answers at once. */
interface PromptIndex {
  spaces(multihash: Uint8Array): readonly SpaceDid[]
  slices(space: SpaceDid, multihashes: readonly Uint8Array[]): readonly (readonly Slice[])[]
  readonly lied?: ContentIndex['lied']
}

/**
 * All that is known here: what is ours, and behind it what others claim. A block that is ours is
 * looked for nowhere else.
 *
 * @example
 * new KnownIndex(new CatalogIndex(catalog), new ClaimedIndex(catalog, { clock, trust }))
 */
export class KnownIndex implements ContentIndex {
  readonly #own: PromptIndex
  readonly #claimed: PromptIndex

  constructor(own: PromptIndex, claimed: PromptIndex) {
    this.#own = own
    this.#claimed = claimed
  }

  spaces(multihash: Uint8Array): readonly SpaceDid[] {
    const own = this.#own.spaces(multihash)
    const claimed = this.#claimed.spaces(multihash)
    return claimed.length === 0 ? own : [...new Set([...own, ...claimed])]
  }

  slices(space: SpaceDid, multihashes: readonly Uint8Array[]): readonly (readonly Slice[])[] {
    const own = this.#own.slices(space, multihashes)
    if (own.every((slices) => slices.length > 0)) return own
    return own.map((slices, i) =>
      slices.length > 0 ? slices : this.#claimed.slices(space, [multihashes[i]!])[0]!,
    )
  }

  lied(...told: Parameters<NonNullable<ContentIndex['lied']>>): void {
    this.#claimed.lied?.(...told)
  }
}
