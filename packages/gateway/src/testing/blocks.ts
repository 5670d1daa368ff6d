/**
 * Blocks for tests of the read path: any bytes, any node, right or wrong.
 * @module
 */
import { DAG_PB, type Link, RAW } from '@turnpike/core/link'
import { SHA2_256, encodeMultihash } from '@turnpike/core/multihash'
import { encodePbNode } from '@turnpike/core/dag-pb/encode'
import { type World, hasher } from './world.ts'
import type { UnixfsBlock } from '@turnpike/core/unixfs/block'
import { varintLength, writeVarint } from '@turnpike/core/varint'

/** A part of a file node: where it leads and how many bytes the node says are there. */
export interface Part {
  readonly link: Link
  readonly fileBytes: number
}

/** Bytes that differ for each seed, and at each place of one. */
export function noise(sizeBytes: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes)
  let state = (seed + 1) * 2_654_435_761
  for (let i = 0; i < sizeBytes; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}

function blockOf(codec: number, bytes: Uint8Array, fileBytes: number): UnixfsBlock {
  const multihash = encodeMultihash(SHA2_256, hasher.sha256(bytes))
  const link: Link = { version: 1, codec, multihash }
  return { kind: 'leaf', link, bytes, fileBytes, dagBytes: bytes.length }
}

/** A raw block. */
export function rawBlock(bytes: Uint8Array): UnixfsBlock {
  return blockOf(RAW, bytes, bytes.length)
}

/** `count` raw blocks of one size. */
export function rawBlocks(count: number, sizeBytes: number): UnixfsBlock[] {
  return Array.from({ length: count }, (_, i) => rawBlock(noise(sizeBytes, i)))
}

/** What a node says of itself; what is left out is what is true. */
export interface NodeClaims {
  readonly type?: number
  readonly fileBytes?: number
  readonly sizes?: readonly number[]
}

/** A file node with bytes of its own before those of its parts. */
export function fileNode(
  parts: readonly Part[],
  data: Uint8Array = new Uint8Array(0),
  claims: NodeClaims = {},
): UnixfsBlock {
  const sizes = claims.sizes ?? parts.map((part) => part.fileBytes)
  const fileBytes = claims.fileBytes ?? parts.reduce((sum, p) => sum + p.fileBytes, data.length)
  const unixfs = [numberField(0x08, claims.type ?? 2)]
  if (data.length > 0) unixfs.push(numberField(0x12, data.length), data)
  unixfs.push(numberField(0x18, fileBytes), ...sizes.map((size) => numberField(0x20, size)))
  return pbBlock(
    parts.map((part) => part.link),
    unixfs,
    fileBytes,
  )
}

/** A dag-pb block with nameless links. */
export function pbBlock(
  links: readonly Link[],
  data: readonly Uint8Array[],
  fileBytes: number = 0,
): UnixfsBlock {
  const named = links.map((link) => ({ link, name: new Uint8Array(0), tsize: 0 }))
  return blockOf(DAG_PB, encodePbNode(named, data), fileBytes)
}

/** A link that carries its block itself. */
export function identityLink(codec: number, bytes: Uint8Array): Link {
  return { version: 1, codec, multihash: encodeMultihash(0, bytes) }
}

/** Makes one bit of every blob wrong, at `url` or everywhere. */
export function brokenBits(world: World, url: string | undefined, position: number): void {
  const open = world.open.bind(world)
  world.open = (blob, site, range, signal) => {
    const opened = open(blob, site, range, signal)
    if (opened.error || (url !== undefined && site.url !== url)) return opened
    let at = range.first
    return {
      ok: {
        close: () => opened.ok.close(),
        async fill(target) {
          const filled = await opened.ok.fill(target)
          const flipped = position - at
          if (flipped >= 0 && flipped < target.length) target[flipped]! ^= 1
          at += target.length
          return filled
        },
      },
    }
  }
}

/** A link that is none: its version is not one that exists. */
export function brokenLink(): Link {
  return { version: 0, codec: DAG_PB, multihash: Uint8Array.from([9, 9, 9]) }
}

function numberField(tag: number, value: number): Uint8Array {
  const bytes = new Uint8Array(1 + varintLength(value))
  bytes[0] = tag
  writeVarint(bytes, 1, value)
  return bytes
}
