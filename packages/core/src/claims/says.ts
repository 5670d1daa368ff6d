/**
 * What content claims say, read from their capabilities.
 * Source: Storacha, "content claims": `assert/location`, `index`, `equals`, `inclusion`,
 * `partition`, `relation`.
 * @module
 */
import { decode as decodeDid } from '@ipld/dag-ucan/did'
import { CID } from 'multiformats/cid'
import { linkFromCid, type Link } from '../link.ts'
import { CAR_CID_BYTES_MAX, URL_CHARS_MAX } from '../limits.ts'
import { CLAIM_LINKS_MAX, CLAIM_URLS_MAX } from '../limits/claims.ts'
import { decodeMultihash } from '../multihash.ts'
import type { SpaceDid } from '../ports/content.ts'
import type { UcanCapability } from '../ucan/archive.ts'

/** Bytes of the content lie at these addresses, from `offset` on. */
export interface LocationSays {
  readonly kind: 'location'
  readonly urls: readonly string[]
  readonly offset: number
  /** Undefined for all that follows. */
  readonly length: number | undefined
  /** Whose content that is, in the issuer's words. */
  readonly space: SpaceDid | undefined
}

/** A part of content, and where its blocks are, when that is said. */
export interface RelationPart {
  readonly content: Link
  readonly index: Link | undefined
}

/** What a claim says of its content. */
export type ClaimSays =
  | LocationSays
  /** The blocks of its DAG are listed in a sharded DAG index. */
  | { readonly kind: 'index'; readonly index: Link }
  /** It is the same as something else: a CAR by another hash, for instance. */
  | { readonly kind: 'equals'; readonly equals: Link }
  /** Its blocks are listed in a CARv2 index. */
  | { readonly kind: 'inclusion'; readonly includes: Link }
  /** Its blocks can be read from these parts. */
  | { readonly kind: 'partition'; readonly parts: readonly Link[] }
  /** Its block has these children, which can be read from these parts. */
  | {
      readonly kind: 'relation'
      readonly children: readonly Link[]
      readonly parts: readonly RelationPart[]
    }

/**
 * Multihash of what a claim is about, from its caveats: a link, or `{ digest }`; undefined when
 * there is none.
 *
 * @example
 * contentOf({ content: { digest: multihash } }) // multihash
 */
export function contentOf(nb: unknown): Uint8Array | undefined {
  const content = isRecord(nb) ? nb['content'] : undefined
  const link = linkIn(content)
  if (link !== undefined) return link.multihash
  const digest = isRecord(content) ? content['digest'] : undefined
  return digest instanceof Uint8Array && isMultihash(digest) ? digest : undefined
}

/**
 * What a capability says of its content; undefined when it is no claim, or a malformed one. At
 * most `CLAIM_URLS_MAX` addresses and `CLAIM_LINKS_MAX` links.
 *
 * @example
 * saidBy({ can: 'assert/index', with: did, nb: { content, index } })?.kind // 'index'
 */
export function saidBy({ can, nb }: UcanCapability): ClaimSays | undefined {
  if (!isRecord(nb)) return undefined
  switch (can) {
    case 'assert/location':
      return locationOf(nb)
    case 'assert/index': {
      const index = linkIn(nb['index'])
      return index && { kind: 'index', index }
    }
    case 'assert/equals': {
      const equals = linkIn(nb['equals'])
      return equals && { kind: 'equals', equals }
    }
    case 'assert/inclusion': {
      const includes = linkIn(nb['includes'])
      return includes && { kind: 'inclusion', includes }
    }
    case 'assert/partition': {
      const parts = linksIn(nb['parts'])
      return parts && { kind: 'partition', parts }
    }
    case 'assert/relation': {
      const children = linksIn(nb['children'])
      const parts = partsIn(nb['parts'])
      return children && parts && { kind: 'relation', children, parts }
    }
    default:
      return undefined
  }
}

function locationOf(nb: Readonly<Record<string, unknown>>): LocationSays | undefined {
  const { location, range = {}, space } = nb
  if (!Array.isArray(location) || location.length === 0) return undefined
  if (location.length > CLAIM_URLS_MAX || !location.every(isAddress)) return undefined
  if (!isRecord(range)) return undefined
  const { offset = 0, length } = range
  if (!isSize(offset) || (length !== undefined && !isSize(length))) return undefined
  if (!Number.isSafeInteger(offset + (length ?? 0))) return undefined
  const did = space === undefined ? undefined : didIn(space)
  if (space !== undefined && did === undefined) return undefined
  return { kind: 'location', urls: location, offset, length, space: did }
}

function isAddress(value: unknown): value is string {
  return typeof value === 'string' && value.length <= URL_CHARS_MAX && URL.canParse(value)
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** A DID in its binary form, which is the only one that the field reads here. */
function didIn(value: unknown): SpaceDid | undefined {
  if (!(value instanceof Uint8Array) || value.length > CAR_CID_BYTES_MAX) return undefined
  try {
    return decodeDid(value).did()
  } catch {
    return undefined
  }
}

function linkIn(value: unknown): Link | undefined {
  const cid = CID.asCID(value)
  if (cid === null || cid.multihash.bytes.length > CAR_CID_BYTES_MAX) return undefined
  return linkFromCid(cid)
}

function linksIn(value: unknown): Link[] | undefined {
  if (!Array.isArray(value) || value.length > CLAIM_LINKS_MAX) return undefined
  const links = value.map(linkIn).filter((link) => link !== undefined)
  return links.length === value.length ? links : undefined
}

function partsIn(value: unknown): RelationPart[] | undefined {
  if (!Array.isArray(value) || value.length > CLAIM_LINKS_MAX) return undefined
  const parts = value.map((part: unknown): RelationPart | undefined => {
    const content = isRecord(part) ? linkIn(part['content']) : undefined
    if (content === undefined) return undefined
    const { includes } = part as Readonly<Record<string, unknown>>
    if (includes === undefined) return { content, index: undefined }
    const index = isRecord(includes) ? linkIn(includes['content']) : undefined
    return index && { content, index }
  })
  return parts.includes(undefined) ? undefined : (parts as RelationPart[])
}

function isMultihash(bytes: Uint8Array): boolean {
  if (bytes.length > CAR_CID_BYTES_MAX) return false
  try {
    return decodeMultihash(bytes) !== undefined
  } catch {
    return false
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
