/**
 * From location claims to blobs that can be read.
 * @module
 */
import { base58btc } from 'multiformats/bases/base58'
import type { LocationSays } from '../claims/says.ts'
import { originOf } from '../origin/address.ts'
import type { BlobRef, BlobSite, SiteGuard, Slice } from '../ports/blob.ts'
import type { SpaceDid } from '../ports/content.ts'

/**
 * What stands before an address that somebody claimed. Such an address is never one of the
 * operator's own, though it reads the same: it must be public, and no key of ours opens it.
 */
export const CLAIMED = 'claimed:'

/** What stands before an address of a trustless gateway that somebody named: a block, whole. */
export const TRUSTLESS = 'trustless:'

/** What a claim says, and whom to show that we may have it. */
export interface SaidLocation extends LocationSays {
  readonly guard?: SiteGuard | undefined
}

/**
 * A claim's words, with its issuer as the node to show: nodes claim what they hold themselves.
 * Where the space itself says so, nobody knows the node.
 *
 * @param space the space that the claim is believed to put its content in
 */
export function saidBy(
  says: LocationSays,
  issuer: string,
  space: SpaceDid | undefined,
): SaidLocation {
  if (space === undefined || issuer === space) return says
  return { ...says, guard: { node: issuer, space } }
}

/** A blob where claims say that it lies. */
export interface LocatedBlob {
  readonly blob: BlobRef
  /** Where in what lies there the content begins. */
  readonly offset: number
  /** How much of it the content is, where that is said. */
  readonly length: number | undefined
}

/**
 * Blobs from claims about one content. Whole blobs are one, with all their addresses; a claim of a
 * range of something larger is a blob of its own. Only http and https addresses count: any other
 * is no business of who makes claims.
 *
 * @param hints further claims, of which the addresses count and nothing else
 * @example
 * sitesOf(multihash, [says])[0]?.blob.sites[0]?.url // 'claimed:https://…'
 */
export function sitesOf(
  content: Uint8Array,
  said: readonly SaidLocation[],
  hints: readonly LocationSays[] = [],
): readonly LocatedBlob[] {
  const name = base58btc.encode(content)
  const whole = said.filter(({ offset }) => offset === 0)
  const length = whole.find((one) => one.length !== undefined)?.length
  const hinted = whole.length === 0 ? [] : hints.filter(({ offset }) => offset === 0)
  const sites = sitesIn([...whole, ...hinted.map(unguarded)])
  const blob = { multihash: content, key: `claimed ${name}`, size: undefined, sites }
  const found: LocatedBlob[] = sites.length === 0 ? [] : [{ blob, offset: 0, length }]
  for (const one of said) {
    const { offset, length: ranged } = one
    const [site] = offset === 0 ? [] : sitesIn([one])
    if (site === undefined) continue
    const key = `claimed ${site.url}`
    const inside = { multihash: undefined, key, size: undefined, sites: sitesIn([one]) }
    found.push({ blob: inside, offset, length: ranged })
  }
  return found
}

/** Of a hint the addresses count: its issuer is nobody to show anything to. */
function unguarded({ kind, urls, offset, length, space }: SaidLocation): SaidLocation {
  return { kind, urls, offset, length, space }
}

/** Each address once, with the guard of who named it first. */
function sitesIn(said: readonly SaidLocation[]): BlobSite[] {
  const found = new Map<string, BlobSite>()
  for (const { urls, guard } of said)
    for (const text of urls) {
      const url = URL.parse(text)
      if (url?.protocol !== 'https:' && url?.protocol !== 'http:') continue
      if (found.has(url.href)) continue
      const site = { url: `${CLAIMED}${url.href}`, provider: originOf(url.href) }
      found.set(url.href, guard === undefined ? site : { ...site, guard })
    }
  return [...found.values()]
}

/** Slices of a block whose blob lies there; none where they would pass the end of what is said. */
export function slicesAt(
  place: { readonly offset: number; readonly length: number | undefined },
  blobs: readonly LocatedBlob[],
): Slice[] {
  return blobs.flatMap(({ blob, offset, length: within }) => {
    const length = place.length ?? within
    if (length === undefined) return []
    if (within !== undefined && place.offset + length > within) return []
    return [{ blob, offset: offset + place.offset, length }]
  })
}
