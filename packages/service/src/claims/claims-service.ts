/**
 * The content-claims service's way to ask for claims: `GET /claims/multihash/<multihash>` and
 * `GET /claims/cid/<cid>`, with `?walk=parts,includes,children`.
 * Source: Storacha, content claims service, in the form that its client reads.
 * @module
 */
import { keyOf, type BytesKey } from '@turnpike/core/bytes'
import { encodeCar } from '@turnpike/core/car/encode'
import { readKnownClaim } from '@turnpike/core/claims/read'
import type { ClaimSays } from '@turnpike/core/claims/says'
import { CLAIMS_WALK_MAX } from '@turnpike/core/limits/claims'
import { CAR, linkFromString, type Link } from '@turnpike/core/link'
import { encodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import type { Hasher } from '@turnpike/core/ports/runtime'
import type { StoredClaim } from '@turnpike/core/ports/claims'
import { carAnswer, textAnswer, type ServiceAnswer } from '../answer.ts'
import { Collection } from './collect.ts'
import { decodeMultibase } from '@turnpike/core/multibase'
import type { ClaimPagesDeps } from './deps.ts'

/** Ways on from a claim to the claims about what it names. */
const WALKS = ['parts', 'includes', 'children'] as const
type Walk = (typeof WALKS)[number]

/**
 * Answers for a multihash, in multibase: a CAR of which each block is a claim's archive. No claims
 * are a CAR without blocks. Unknown words of `walk` are passed over.
 *
 * @example
 * await multihashClaimsPage('zQm…', new URLSearchParams('walk=parts'), undefined, deps)
 */
export async function multihashClaimsPage(
  text: string,
  query: URLSearchParams,
  token: string | undefined,
  deps: ClaimPagesDeps,
): Promise<ServiceAnswer> {
  const multihash = decodeMultibase(text)
  if (multihash === undefined) return textAnswer(400, 'a multihash in multibase expected')
  return claimsAbout(multihash, query, token, deps)
}

/**
 * Answers for the content of a CID; its codec does not matter.
 *
 * @example
 * await cidClaimsPage('bafybei…', new URLSearchParams(), undefined, deps)
 */
export async function cidClaimsPage(
  text: string,
  query: URLSearchParams,
  token: string | undefined,
  deps: ClaimPagesDeps,
): Promise<ServiceAnswer> {
  const link = linkFromString(text)
  if (link === undefined) return textAnswer(400, 'a CID expected after /claims/cid/')
  return claimsAbout(link.multihash, query, token, deps)
}

async function claimsAbout(
  multihash: Uint8Array,
  query: URLSearchParams,
  token: string | undefined,
  deps: ClaimPagesDeps,
): Promise<ServiceAnswer> {
  const asked = new Set(query.getAll('walk').flatMap((words) => words.split(',')))
  const walks = WALKS.filter((walk) => asked.has(walk))
  const collection = new Collection(deps, { spaces: query.getAll('spaces'), token })
  // The field's blob-fetcher asks about each shard of an index that it is told of, without end when
  // it is told of the same index then.
  await collection.indexed(multihash, false)
  const seen = new Set<BytesKey>()
  const waiting = [multihash]
  // Claims may lead round in circles, and to more content than anybody wants to hear of.
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (seen.has(keyOf(next)) || seen.size >= CLAIMS_WALK_MAX) continue
    seen.add(keyOf(next))
    for (const claim of await collection.about(next))
      for (const link of onwards(claim, walks, deps.hasher)) waiting.push(link.multihash)
  }
  return carAnswer(encodeClaims(collection.found.claims, deps.hasher), 'no-store')
}

function onwards({ archive }: StoredClaim, walks: readonly Walk[], hasher: Hasher): Link[] {
  const says = walks.length === 0 ? undefined : readKnownClaim(archive, hasher).ok?.says
  return says === undefined ? [] : walks.flatMap((walk) => named(says, walk))
}

function named(says: ClaimSays, walk: Walk): readonly Link[] {
  if (says.kind === 'partition') return walk === 'parts' ? says.parts : []
  if (says.kind === 'inclusion') return walk === 'includes' ? [says.includes] : []
  if (says.kind !== 'relation') return []
  if (walk === 'children') return says.children
  if (walk === 'parts') return says.parts.map(({ content }) => content)
  return says.parts.flatMap(({ index }) => index ?? [])
}

function encodeClaims(claims: readonly StoredClaim[], hasher: Hasher): Uint8Array {
  const blocks = claims.map(({ archive }) => {
    const multihash = encodeMultihash(SHA2_256, hasher.sha256(archive))
    const link: Link = { version: 1, codec: CAR, multihash }
    return { link, bytes: archive }
  })
  return encodeCar([], blocks)
}
