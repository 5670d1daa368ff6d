/**
 * Writes dag-pb nodes, links before data, byte for byte as kubo does.
 * @module
 */
import type { Link } from '../link.ts'
import { varintLength, writeVarint } from '../varint.ts'

/** A link of a dag-pb node. */
export interface PbLink {
  readonly link: Link
  /** UTF-8 bytes; empty between the nodes of a file. */
  readonly name: Uint8Array
  /** Bytes of all blocks under the link. */
  readonly tsize: number
}

/** Protobuf tags: field number * 8 + wire type (dag-pb specification, "Serial format"). */
const NODE_DATA = 0x0a
const NODE_LINK = 0x12
const LINK_HASH = 0x0a
const LINK_NAME = 0x12
const LINK_TSIZE = 0x18

/** Bytes that a link's CID takes. */
export function cidLength(link: Link): number {
  return link.version === 0
    ? link.multihash.length
    : 1 + varintLength(link.codec) + link.multihash.length
}

/** Bytes of a field that carries `length` bytes: tag, length, content. */
export function fieldLength(length: number): number {
  return 1 + varintLength(length) + length
}

function linkBodyLength(link: PbLink): number {
  const hash = fieldLength(cidLength(link.link))
  return hash + fieldLength(link.name.length) + 1 + varintLength(link.tsize)
}

/**
 * Bytes that a link adds to its node. What a node weighs is the sum of these and
 * `fieldLength` of its data.
 *
 * @example
 * pbLinkLength({ link, name: new Uint8Array(11), tsize: 1 }) // 55 for a CIDv1 with sha2-256
 */
export function pbLinkLength(link: PbLink): number {
  return fieldLength(linkBodyLength(link))
}

function writeBytes(target: Uint8Array, at: number, tag: number, bytes: Uint8Array): number {
  target[at] = tag
  const next = writeVarint(target, at + 1, bytes.length)
  target.set(bytes, next)
  return next + bytes.length
}

function writeCid(target: Uint8Array, at: number, link: Link): number {
  target[at] = LINK_HASH
  let next = writeVarint(target, at + 1, cidLength(link))
  if (link.version === 1) next = writeVarint(target, writeVarint(target, next, 1), link.codec)
  target.set(link.multihash, next)
  return next + link.multihash.length
}

function writeLink(target: Uint8Array, at: number, link: PbLink): number {
  target[at] = NODE_LINK
  let next = writeVarint(target, at + 1, linkBodyLength(link))
  next = writeCid(target, next, link.link)
  next = writeBytes(target, next, LINK_NAME, link.name)
  target[next] = LINK_TSIZE
  return writeVarint(target, next + 1, link.tsize)
}

/**
 * What stands before the data of a node without links, for whoever has the data in place.
 *
 * @example
 * pbDataHead(2) // 0a 02
 */
export function pbDataHead(dataBytes: number): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(1 + varintLength(dataBytes))
  head[0] = NODE_DATA
  writeVarint(head, 1, dataBytes)
  return head
}

/**
 * Encodes a node. Links stand in the order given: the caller sorts them by the bytes of their
 * names. `data` comes in parts, so that file content is copied once.
 *
 * @throws {RangeError} when a `tsize` is not a safe non-negative integer
 * @example
 * encodePbNode([], [new Uint8Array([8, 1])]) // an empty UnixFS folder
 */
export function encodePbNode(
  links: readonly PbLink[],
  data: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  let dataLength = 0
  for (const part of data) dataLength += part.length
  let length = fieldLength(dataLength)
  for (const link of links) length += pbLinkLength(link)
  const bytes = new Uint8Array(length)
  let at = 0
  for (const link of links) at = writeLink(bytes, at, link)
  bytes[at] = NODE_DATA
  at = writeVarint(bytes, at + 1, dataLength)
  for (const part of data) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
