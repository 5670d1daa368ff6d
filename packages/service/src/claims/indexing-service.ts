/**
 * The indexing service's way to ask for claims: `GET /claims?multihash=…` and `GET /claim/<cid>`.
 * Source: Storacha, indexing service, in the form of its Go server, which its clients expect.
 * @module
 */
import { encode } from '@ipld/dag-cbor'
import { decodeMultibase } from '@turnpike/core/multibase'
import { keyOf, type BytesKey } from '@turnpike/core/bytes'
import { decodeCar } from '@turnpike/core/car/decode'
import { encodeCar } from '@turnpike/core/car/encode'
import { CLAIMS_QUERY_HASHES_MAX, CLAIMS_QUERY_SPACES_MAX } from '@turnpike/core/limits/claims'
import {
  DAG_CBOR,
  linkFromBytes,
  linkFromString,
  linkToBytes,
  linkToCid,
  linkToString,
  type Link,
} from '@turnpike/core/link'
import { encodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { fail, ok, type Result } from '@turnpike/core/result'
import { carAnswer, textAnswer, type ServiceAnswer } from '../answer.ts'
import { Collection, type Collected } from './collect.ts'
import type { ClaimPagesDeps } from './deps.ts'

/**
 * Which claims are asked for. `standard_compressed`, in which the original's server sums claims and
 * indexes up in one that it signs itself, is answered like `standard`: with what others signed.
 */
type QueryType = 'standard' | 'location' | 'index_or_location' | 'standard_compressed'
const TYPES: readonly string[] = [
  'standard',
  'location',
  'index_or_location',
  'standard_compressed',
] satisfies QueryType[]

interface ClaimsQuery {
  readonly hashes: readonly Uint8Array[]
  readonly spaces: readonly string[]
  readonly type: QueryType
}

/** A question is malformed, or asks for too much. */
class QueryRefused extends Error {
  override readonly name = 'QueryRefused'
}

/**
 * Answers `GET /claims`: a CAR whose root is `index/query/result@0.1`, with the claims' blocks and,
 * each as one block, archives of indexes. Nothing found is an empty result with 200.
 *
 * @param query the URL's
 * @param token the one that was sent, if any
 * @example
 * await claimsPage(new URLSearchParams('multihash=zQm…'), undefined, deps)
 */
export async function claimsPage(
  query: URLSearchParams,
  token: string | undefined,
  deps: ClaimPagesDeps,
): Promise<ServiceAnswer> {
  const parsed = parseQuery(query)
  if (parsed.error) return textAnswer(400, parsed.error.message)
  const { hashes, spaces, type } = parsed.ok
  const collection = new Collection(deps, { spaces, token })
  for (const hash of hashes) {
    await collection.about(hash, ['location'])
    if (type === 'location') continue
    if (type !== 'index_or_location') await collection.sameAs(hash)
    await collection.indexed(hash, true)
  }
  return carAnswer(encodeQueryResult(collection.found, deps.hasher), 'no-store')
}

/**
 * Answers `GET /claim/<cid>`: the claim as ucanto archives it, or 404.
 *
 * @example
 * await claimPage('bafyrei…', undefined, deps)
 */
export async function claimPage(
  text: string,
  token: string | undefined,
  deps: ClaimPagesDeps,
): Promise<ServiceAnswer> {
  const link = linkFromString(text)
  if (link === undefined) return textAnswer(400, 'a CID expected after /claim/')
  const claim = await deps.claims.byCid(linkToBytes(link))
  const spaces = claim?.space === undefined ? [] : [claim.space]
  if (claim === undefined || !(await new Collection(deps, { spaces, token }).mayShow(claim)))
    return textAnswer(404, 'no such claim is here')
  return carAnswer(claim.archive, 'no-store')
}

function parseQuery(query: URLSearchParams): Result<ClaimsQuery, QueryRefused> {
  const texts = query.getAll('multihash')
  if (texts.length === 0) return refuse('missing digests')
  if (texts.length > CLAIMS_QUERY_HASHES_MAX)
    return refuse(`at most ${CLAIMS_QUERY_HASHES_MAX} multihashes expected, got ${texts.length}`)
  const hashes = texts.map(decodeMultibase)
  const bad = hashes.findIndex((hash) => hash === undefined)
  if (bad >= 0) return refuse(`invalid multihash: ${texts[bad]!.slice(0, 100)}`)
  const spaces = query.getAll('spaces')
  if (spaces.length > CLAIMS_QUERY_SPACES_MAX)
    return refuse(`at most ${CLAIMS_QUERY_SPACES_MAX} spaces expected, got ${spaces.length}`)
  const noDid = spaces.find((space) => !/^did:[a-z0-9]+:.{1,2048}$/.test(space))
  if (noDid !== undefined) return refuse(`invalid DID: ${noDid.slice(0, 100)}`)
  const [type = 'standard', ...more] = query.getAll('type')
  if (more.length > 0) return refuse('only one "type" expected')
  if (!TYPES.includes(type)) return refuse(`invalid query type: ${type.slice(0, 100)}`)
  if (type === 'standard_compressed' && hashes.length > 1)
    return refuse('only one multihash expected for a compressed query')
  return ok({ hashes: hashes as Uint8Array[], spaces, type: type as QueryType })
}

function refuse(message: string): Result<never, QueryRefused> {
  return fail(new QueryRefused(message))
}

const QUERY_RESULT = 'index/query/result@0.1'

/**
 * Encodes an answer. The keys of `indexes` are context ids on the original's side, which no client
 * reads and which are no valid text there; here they are the CIDs of the indexes.
 *
 * @example
 * encodeQueryResult({ claims: [], indexes: [] }, nodeHasher)
 */
export function encodeQueryResult({ claims, indexes }: Collected, hasher: Hasher): Uint8Array {
  const root = encode({
    [QUERY_RESULT]: {
      claims: claims.map(({ cid }) => linkToCid(linkFromBytes(cid)!)),
      indexes: Object.fromEntries(indexes.map(({ link }) => [linkToString(link), linkToCid(link)])),
    },
  })
  const multihash = encodeMultihash(SHA2_256, hasher.sha256(root))
  const rootLink: Link = { version: 1, codec: DAG_CBOR, multihash }
  const blocks = new Map<BytesKey, { readonly link: Link; readonly bytes: Uint8Array }>()
  for (const { archive } of claims) {
    const car = decodeCar(archive).ok
    const variant = car?.header.roots[0]
    for (const frame of car?.frames ?? []) {
      const key = keyOf(linkToBytes(frame.link))
      if (variant === undefined || key !== keyOf(linkToBytes(variant))) blocks.set(key, frame)
    }
  }
  for (const { link, archive } of indexes)
    blocks.set(keyOf(linkToBytes(link)), { link, bytes: archive })
  return encodeCar([rootLink], [{ link: rootLink, bytes: root }, ...blocks.values()])
}
