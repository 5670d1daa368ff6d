/**
 * Which links of a block a walk goes on with: all, those of a folder's shards, those that a range
 * of a file touches.
 * @module
 */
import { DAG_CBOR, DAG_JSON, DAG_PB, type Link, RAW, linkToString } from '@turnpike/core/link'
import { PLAIN_CBOR, PLAIN_JSON, decodeIpld, linksIn } from './ipld.ts'
import { hamtEntryName, hamtShape } from '@turnpike/core/unixfs/hamt-read'
import { type PbNode, decodePb } from './nodes.ts'
import type { ByteRange } from '@turnpike/core/range'
import { MalformedBlock } from '@turnpike/core/malformed'
import { copyBytes } from '@turnpike/core/bytes'
import { decodeDagPb } from '@turnpike/core/dag-pb/decode'
import { unsupported } from './unsupported.ts'

/** Links of a block, in its order, and how what they lead to is expanded in its turn. */
export interface Branch {
  readonly links: readonly Link[]
  /** Undefined: what this link leads to is not looked into. */
  expandOf(index: number): Expand | undefined
}

/**
 * Says which links of a block are followed; undefined for none. The bytes are lent.
 *
 * @throws {Error} a `MalformedBlock` or `RequestError` for a block that can't be looked into
 */
export type Expand = (link: Link, lent: Uint8Array) => Branch | undefined

/** Everything below a block. Identical for all, so that a walk knows what it has expanded whole. */
export const expandAll: Expand = (link, lent) => {
  const links = linksOf(link, lent)
  return links.length === 0 ? undefined : { links, expandOf: () => expandAll }
}

/** The shards of a sharded folder, without what they hold. */
export const expandShards: Expand = (link, lent) => {
  const { node, unixfs } = pbOf(link, lent)
  if (unixfs.type !== 'hamt')
    throw new MalformedBlock(`${linkToString(link)}: expected a HAMT node, got a ${unixfs.type}`)
  const shape = hamtShape(unixfs)
  if (shape.error) throw shape.error
  const links: Link[] = []
  for (let i = 0; i < node.linkCount; i++)
    if (hamtEntryName(node, shape.ok, i) === undefined) links.push(node.link(i))
  return { links, expandOf: () => expandShards }
}

/** What of a file, which begins at offset `at`, holds bytes of a range. */
export function expandRange(range: ByteRange, at: number): Expand {
  return (link, lent) => {
    if (link.codec === RAW) return undefined
    const parts = partsOf(pbOf(link, lent), at)
    const touched = parts.filter(({ first, last }) => last >= range.first && first <= range.last)
    return {
      links: touched.map((part) => part.link),
      expandOf: (index) => {
        const { first, last } = touched[index]!
        const whole = first >= range.first && last <= range.last
        return whole ? expandAll : expandRange(range, first)
      },
    }
  }
}

interface FilePart extends ByteRange {
  readonly link: Link
}

/** Parts of a file node with the bytes of the file that each holds; empty ones are left out. */
function partsOf({ link, node, unixfs }: PbNode, start: number): FilePart[] {
  const sizes = unixfs.blockSizes
  if (sizes.length !== node.linkCount)
    throw new MalformedBlock(
      `${linkToString(link)}: expected a block size for each of ${node.linkCount} links`,
    )
  const parts: FilePart[] = []
  let at = start + unixfs.data.length
  for (const [i, sizeBytes] of sizes.entries()) {
    if (sizeBytes > 0) parts.push({ link: node.link(i), first: at, last: at + sizeBytes - 1 })
    at += sizeBytes
  }
  return parts
}

function pbOf(link: Link, lent: Uint8Array): PbNode {
  const node = decodePb(link, copyBytes(lent))
  if (node.error) throw node.error
  return node.ok
}

/** Links of a node in the order in which it has them. Lent bytes are copied: links are views. */
function linksOf(link: Link, lent: Uint8Array): Link[] {
  const { codec } = link
  if (codec === RAW || codec === PLAIN_JSON || codec === PLAIN_CBOR) return []
  if (codec === DAG_CBOR || codec === DAG_JSON) {
    const decoded = decodeIpld(link, copyBytes(lent))
    if (decoded.error) throw decoded.error
    return linksIn(decoded.ok.value)
  }
  if (codec !== DAG_PB) throw unsupported(codec)
  const node = decodeDagPb(copyBytes(lent))
  if (node.error) throw node.error
  return Array.from({ length: node.ok.linkCount }, (_, i) => node.ok.link(i))
}
