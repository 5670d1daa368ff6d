/**
 * Blocks of dag-cbor and dag-json: the links in them, and the way from one to the next by name.
 * @module
 */
import { CID } from 'multiformats/cid'
import { DAG_CBOR, DAG_JSON, type Link, linkFromCid, linkToString } from '@turnpike/core/link'
import { type Result, fail, ok } from '@turnpike/core/result'
import { decode as decodeDagCbor } from '@ipld/dag-cbor'
import { decode as decodeDagJson } from '@ipld/dag-json'
import type { BlockSession } from '../blocks/session.ts'
import { NODE_LINKS_MAX } from '@turnpike/core/limits'
import { MalformedBlock } from '@turnpike/core/malformed'
import { RequestError } from '../errors.ts'
import type { WalkError } from './nodes.ts'
import { shorten } from '../parse-request.ts'
import { unsupported } from './unsupported.ts'

/** Codecs of plain JSON and CBOR, whose blocks have no links. */
export const PLAIN_JSON = 0x0200
export const PLAIN_CBOR = 0x51

/** Where names led: through one block to the link that they end at. */
export interface IpldStep {
  readonly link: Link
  /** Index of the first name that is left. */
  readonly next: number
}

/** The value in a verified block of dag-cbor or dag-json. */
export function decodeIpld(link: Link, bytes: Uint8Array): Result<{ value: unknown }, WalkError> {
  const decode = link.codec === DAG_CBOR ? decodeDagCbor : decodeDagJson
  if (link.codec !== DAG_CBOR && link.codec !== DAG_JSON) return fail(unsupported(link.codec))
  try {
    return ok({ value: decode<unknown>(bytes) })
  } catch (error) {
    // Whatever it throws, nesting too deep for the stack included, is the author's doing.
    const name = link.codec === DAG_CBOR ? 'dag-cbor' : 'dag-json'
    const message = `${linkToString(link)}: expected ${name}, does not decode`
    return fail(new MalformedBlock(message, { cause: error }))
  }
}

/**
 * Follows names from number `start` on through the block of `from`, to the link in it that they
 * lead to.
 *
 * @returns `PathNotFound` for a name that is not there, `UnsupportedCodec` for a path that ends
 * at something other than a link, and how a block can't be had
 */
export async function stepIpld(
  session: BlockSession,
  from: Link,
  segments: readonly string[],
  start: number,
): Promise<Result<IpldStep, WalkError>> {
  const block = await session.get(from)
  if (block.error) return block
  const decoded = decodeIpld(from, block.ok)
  if (decoded.error) return decoded
  let { value } = decoded.ok
  for (let next = start; next < segments.length; next++) {
    value = fieldOf(value, segments[next]!)
    if (value === undefined) return fail(missing(from, segments[next]!))
    const cid = CID.asCID(value)
    if (cid !== null) return ok({ link: linkFromCid(cid), next: next + 1 })
  }
  const text = 'reading IPLD Kinds other than Links (CBOR Tag 42) is not implemented'
  return fail(new RequestError('UnsupportedCodec', `${text}: ask for ${linkToString(from)} itself`))
}

/**
 * Links in a value, in the order in which a walk over it meets them.
 *
 * @throws {MalformedBlock} when they are more than a node may have
 */
export function linksIn(root: unknown, linksMax: number = NODE_LINKS_MAX): Link[] {
  const links: Link[] = []
  const waiting: unknown[] = [root]
  while (waiting.length > 0) {
    const value = waiting.pop()
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) continue
    const cid = CID.asCID(value)
    if (cid === null) for (const field of Object.values(value).toReversed()) waiting.push(field)
    else if (links.push(linkFromCid(cid)) > linksMax)
      throw new MalformedBlock(`node expected at most ${linksMax} links`)
  }
  return links
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return undefined
  if (Array.isArray(value))
    return /^(?:0|[1-9]\d{0,9})$/.test(name) ? value[Number(name)] : undefined
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined
}

function missing(from: Link, segment: string): RequestError {
  const cid = linkToString(from)
  return new RequestError('PathNotFound', `no link named "${shorten(segment)}" under ${cid}`)
}
