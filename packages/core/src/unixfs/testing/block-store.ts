/**
 * Blocks of a DAG under test: kept by link, and read back with the decoders of the read path.
 * @module
 */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { type BytesKey, bytesEqual, keyOf } from '../../bytes.ts'
import { type DagPbNode, decodeDagPb } from '../../dag-pb/decode.ts'
import { type Link, RAW, linkToBytes } from '../../link.ts'
import { decodeMultihash } from '../../multihash.ts'
import type { Hasher } from '../../ports/runtime.ts'
import type { UnixfsBlock } from '../block.ts'
import { type UnixfsNode, decodeUnixfs } from '../decode.ts'
import { hamtHash, hamtStep } from '../hamt-read.ts'

/** SHA-256 by `node:crypto`. */
export const hasher: Hasher = {
  sha256: (bytes) => hash('sha256', bytes, 'buffer'),
  digest: () => undefined,
}

/** A node as the read path sees it. */
export interface ReadNode {
  readonly pb: DagPbNode
  readonly unixfs: UnixfsNode
}

/** Keeps blocks by their CIDs and checks each when it is added. */
export class BlockStore {
  readonly #blocks = new Map<BytesKey, Uint8Array>()

  get size(): number {
    return this.#blocks.size
  }

  /** Keeps blocks whose bytes hash to their links. */
  add(...blocks: readonly UnixfsBlock[]): void {
    for (const { link, bytes } of blocks) {
      const digest = decodeMultihash(link.multihash)!.digest
      assert(bytesEqual(digest, hasher.sha256(bytes)), 'bytes hash to their link')
      this.#blocks.set(keyOf(linkToBytes(link)), bytes)
    }
  }

  bytes(link: Link): Uint8Array {
    const bytes = this.#blocks.get(keyOf(linkToBytes(link)))
    assert(bytes, 'block was yielded')
    return bytes
  }

  read(link: Link): ReadNode {
    const pb = decodeDagPb(this.bytes(link)).ok
    assert(pb)
    const unixfs = decodeUnixfs(pb.data).ok
    assert(unixfs)
    return { pb, unixfs }
  }

  /** Content of a file, checking the sizes that its nodes claim. */
  content(link: Link): Uint8Array[] {
    if (link.codec === RAW) return [this.bytes(link)]
    const { pb, unixfs } = this.read(link)
    assert.equal(unixfs.type, 'file')
    assert.equal(unixfs.blockSizes.length, pb.linkCount)
    const parts = [unixfs.data]
    for (let i = 0; i < pb.linkCount; i++) {
      const below = this.content(pb.link(i))
      assert.equal(lengthOf(below), unixfs.blockSizes[i])
      parts.push(...below)
    }
    assert.equal(lengthOf(parts), unixfs.fileSizeBytes)
    return parts
  }

  /** Bytes of all blocks below a link, checking each Tsize. */
  dagBytes(link: Link): number {
    const bytes = this.bytes(link)
    if (link.codec === RAW) return bytes.length
    const { pb } = this.read(link)
    let total = bytes.length
    for (let i = 0; i < pb.linkCount; i++) {
      assert.equal(this.dagBytes(pb.link(i)), pb.tsize(i))
      total += pb.tsize(i)
    }
    return total
  }

  /** Link of an entry of a folder, basic or sharded; undefined when there is none. */
  find(folder: Link, name: string): Link | undefined {
    let { pb, unixfs } = this.read(folder)
    if (unixfs.type === 'directory') {
      const index = pb.indexOf(name)
      return index < 0 ? undefined : pb.link(index)
    }
    const wanted = hamtHash(name)
    for (let level = 0; ; level++) {
      const step = hamtStep(pb, unixfs, name, wanted, level).ok
      assert(step)
      if (step.found === 'nothing') return undefined
      if (step.found === 'entry') return pb.link(step.linkIndex)
      ;({ pb, unixfs } = this.read(pb.link(step.linkIndex)))
    }
  }
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0)
}
