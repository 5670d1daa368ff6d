/**
 * What services that know where content lies answer with: claims, and indexes beside them. Blocks
 * are checked against their hashes here; who signed a claim is not.
 *
 * Sources: Storacha, indexing service (`index/query/result@0.1`) and content claims service, in the
 * forms that their servers send.
 * @module
 */
import { decode, encode } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { bytesOfKey, keyOf, type BytesKey } from '../bytes.ts'
import type { CarMalformed } from '../car/decode.ts'
import { encodeCar } from '../car/encode.ts'
import { readVerifiedCar, type VerifiedCar } from '../car/verified-blocks.ts'
import {
  SERVICE_CLAIMS_MAX,
  SERVICE_INDEXES_MAX,
  SERVICE_ANSWER_BLOCKS_MAX,
} from '../limits/claims.ts'
import { DELEGATION_BLOCKS_MAX } from '../limits/ucan.ts'
import { CAR, DAG_CBOR, linkFromBytes, linkFromCid, linkToCid, type Link } from '../link.ts'
import { encodeMultihash, SHA2_256 } from '../multihash.ts'
import type { Hasher } from '../ports/runtime.ts'
import { fail, ok, type Result } from '../result.ts'

/** The root of an indexing service's answer. */
export const QUERY_RESULT = 'index/query/result@0.1'
const VARIANT = 'ucan@0.9.1'

/** What an answer holds, each as bytes that were checked against their CID. */
export interface ServiceAnswer {
  /** Claims, as ucanto archives them. */
  readonly claims: readonly Uint8Array[]
  /** Archives of indexes, by whatever claim. */
  readonly indexes: readonly Uint8Array[]
}

/** Nothing is known. */
export const NO_ANSWER: ServiceAnswer = { claims: [], indexes: [] }

/** A service's answer is not in its form, or is not what its CIDs say. */
export class AnswerMalformed extends Error {
  override readonly name = 'AnswerMalformed'
}

/**
 * Reads the answer of an indexing service to `GET /claims?multihash=…`. Of more claims or indexes
 * than are looked at, the first are.
 *
 * @example
 * const answer = decodeQueryResult(bytes, nodeHasher)
 */
export function decodeQueryResult(
  bytes: Uint8Array,
  hasher: Hasher,
): Result<ServiceAnswer, AnswerMalformed | CarMalformed> {
  const car = readVerifiedCar(bytes, hasher, SERVICE_ANSWER_BLOCKS_MAX)
  if (car.error) return car
  const [root, ...more] = car.ok.roots
  const block = root && car.ok.blocks.get(keyOf(linkToCid(root).bytes))
  if (block === undefined || more.length > 0) return malformed('one root that is in it')
  const value = tryDecode(block)
  const result = value?.[QUERY_RESULT]
  if (!isRecord(result)) return malformed(`a root with "${QUERY_RESULT}"`)
  const claims = linksOf(result['claims']).slice(0, SERVICE_CLAIMS_MAX)
  const indexes = isRecord(result['indexes']) ? Object.values(result['indexes']) : []
  const blockOf = (link: CID): Uint8Array | undefined => car.ok.blocks.get(keyOf(link.bytes))
  return ok({
    claims: claims.flatMap((link) => archiveOf(link, car.ok, hasher) ?? []),
    indexes: linksOf(indexes)
      .slice(0, SERVICE_INDEXES_MAX)
      .flatMap((link) => blockOf(link) ?? []),
  })
}

/**
 * Reads the answer of a content-claims service to `GET /claims/multihash/…`: a CAR whose blocks are
 * archives of claims. No bytes at all are no claims: that is how such services say it.
 *
 * @example
 * const answer = decodeClaimsCar(bytes, nodeHasher)
 */
export function decodeClaimsCar(
  bytes: Uint8Array,
  hasher: Hasher,
): Result<ServiceAnswer, CarMalformed> {
  if (bytes.length === 0) return ok(NO_ANSWER)
  const car = readVerifiedCar(bytes, hasher, SERVICE_ANSWER_BLOCKS_MAX)
  if (car.error) return car
  const archives = [...car.ok.blocks].filter(([key]) => codecOf(key) === CAR)
  const claims = archives.slice(0, SERVICE_CLAIMS_MAX).map(([, block]) => block)
  return ok({ claims, indexes: [] })
}

function codecOf(key: BytesKey): number | undefined {
  return linkFromBytes(bytesOfKey(key))?.codec
}

/** The archive of a UCAN whose blocks lie about in a larger CAR: it, and what it stands on. */
function archiveOf(cid: CID, { blocks }: VerifiedCar, hasher: Hasher): Uint8Array | undefined {
  const found = new Map<string, { link: Link; bytes: Uint8Array }>()
  const waiting = [cid]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const bytes = blocks.get(keyOf(next.bytes))
    const key = next.toString()
    if (bytes === undefined || found.has(key)) continue
    if (found.size >= DELEGATION_BLOCKS_MAX) return undefined
    found.set(key, { link: linkFromCid(next), bytes })
    waiting.push(...linksOf(tryDecode(bytes)?.['prf']))
  }
  if (!found.has(cid.toString())) return undefined
  const variant = encode({ [VARIANT]: cid })
  const multihash = encodeMultihash(SHA2_256, hasher.sha256(variant))
  const root: Link = { version: 1, codec: DAG_CBOR, multihash }
  return encodeCar([root], [...found.values(), { link: root, bytes: variant }])
}

function linksOf(value: unknown): CID[] {
  return Array.isArray(value) ? value.flatMap((one: unknown) => CID.asCID(one) ?? []) : []
}

function tryDecode(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = decode(bytes)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function malformed(expected: string): Result<never, AnswerMalformed> {
  return fail(new AnswerMalformed(`answer expected ${expected}`))
}
