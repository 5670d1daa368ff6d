/**
 * Writes CAR files, version 1: a header, then one frame a block.
 * Source: IPLD, "Content Addressable aRchives (CARv1)".
 * @module
 */
import { encode } from '@ipld/dag-cbor'
import { concatBytes } from '../bytes.ts'
import { linkToBytes, linkToCid, type Link } from '../link.ts'
import { varintLength, writeVarint } from '../varint.ts'

/**
 * Header of a CAR: length, then `{ roots, version: 1 }`. No roots is what the field writes when
 * the root lies in a later shard.
 *
 * @example
 * const header = encodeCarHeader([]) // 18 bytes
 */
export function encodeCarHeader(roots: readonly Link[]): Uint8Array {
  const body = encode({ roots: roots.map(linkToCid), version: 1 })
  const header = new Uint8Array(varintLength(body.length) + body.length)
  header.set(body, writeVarint(header, 0, body.length))
  return header
}

/**
 * What stands before a block of `blockBytes` bytes: length of CID and block, then the CID. The
 * block's own bytes follow, so a writer sends the prefix and then the block uncopied.
 *
 * @example
 * const frame = [carFrame(link, block.length), block]
 */
export function carFrame(link: Link, blockBytes: number): Uint8Array {
  const cid = linkToBytes(link)
  const length = cid.length + blockBytes
  const prefix = new Uint8Array(varintLength(length) + cid.length)
  prefix.set(cid, writeVarint(prefix, 0, length))
  return prefix
}

/**
 * A whole CAR in memory, for small ones: indexes and messages.
 *
 * @example
 * const archive = encodeCar([root], [{ link: root, bytes: block }])
 */
export function encodeCar(
  roots: readonly Link[],
  blocks: Iterable<{ readonly link: Link; readonly bytes: Uint8Array }>,
): Uint8Array {
  const parts = [encodeCarHeader(roots)]
  for (const { link, bytes } of blocks) parts.push(carFrame(link, bytes.length), bytes)
  return concatBytes(parts)
}
