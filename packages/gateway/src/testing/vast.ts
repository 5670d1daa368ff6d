/**
 * A remote file too large for memory: its leaves are told apart by their first bytes, and hashed by
 * them alone. For tests that count requests and bytes, not for those that check content.
 * @module
 */
import {
  type BlobReader,
  type BlobRef,
  type BlobStream,
  OriginFault,
  type Slice,
} from '@turnpike/core/ports/blob'
import { type Link, RAW } from '@turnpike/core/link'
import { SHA2_256, encodeMultihash } from '@turnpike/core/multihash'
import { World, alice, hasher } from './world.ts'
import { fail, ok } from '@turnpike/core/result'
import type { ByteRange } from '@turnpike/core/range'
import { FileLayout } from '@turnpike/core/unixfs/file-layout'
import type { GatewayDeps } from '../deps.ts'
import type { Hasher } from '@turnpike/core/ports/runtime'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { UnixfsBlock } from '@turnpike/core/unixfs/block'
import type { UnixfsProfile } from '@turnpike/core/unixfs/profile'
import { keyOf } from '@turnpike/core/bytes'

const FRAME_BYTES = 40
const HASHED_BYTES = 64

/** Hashes a leaf by its length and first bytes; smaller blocks as they are. */
const cheapHasher: Hasher = {
  sha256(bytes) {
    const digest = hasher.sha256(bytes.length > 65_536 ? bytes.subarray(0, HASHED_BYTES) : bytes)
    digest[0] = bytes.length & 255
    return digest
  },
  digest: () => undefined,
}

/** A file of `count` leaves of a profile's size in one remote blob; interior nodes in another. */
export class VastFile {
  readonly root: Link
  readonly sizeBytes: number
  /** Range reads of leaves. */
  readonly opened: ByteRange[] = []
  openStreams = 0
  /** Called before each fill of leaves. */
  beforeFill: () => Promise<void> | undefined = () => undefined
  readonly #world = new World()
  readonly #leafBytes: number
  readonly #slices = new Map<string, Slice>()

  constructor(profile: UnixfsProfile, count: number, url: string = 'https://vast.example') {
    this.#leafBytes = profile.chunkBytes
    const provider = url === 'local:' ? '' : 'vast'
    const sites = [{ url, provider }]
    const blob: BlobRef = { key: 'vast', multihash: undefined, size: undefined, sites }
    const layout = new FileLayout(profile, cheapHasher)
    const interior: UnixfsBlock[] = []
    const leaf = new Uint8Array(this.#leafBytes)
    for (let i = 0; i < count; i++) {
      this.#mark(leaf, i)
      const multihash = encodeMultihash(SHA2_256, cheapHasher.sha256(leaf))
      const offset = i * (this.#leafBytes + FRAME_BYTES) + FRAME_BYTES
      this.#slices.set(keyOf(multihash), { blob, offset, length: leaf.length })
      const link: Link = { version: 1, codec: RAW, multihash }
      interior.push(...layout.add({ link, fileBytes: leaf.length, dagBytes: leaf.length }))
    }
    const { root, blocks } = layout.finish()
    this.#world.put(alice, [...interior, ...blocks], [url])
    this.root = root.link
    this.sizeBytes = count * this.#leafBytes
  }

  /** Range reads of interior nodes. */
  get interiorReads(): number {
    return this.#world.opened.length
  }

  get openedBytes(): number {
    return this.opened.reduce((sum, { first, last }) => sum + last - first + 1, 0)
  }

  deps(options: Partial<GatewayDeps> = {}): GatewayDeps {
    const index = {
      spaces: () => [alice],
      slices: (space: SpaceDid, multihashes: readonly Uint8Array[]) =>
        multihashes.map((multihash) => {
          const slice = this.#slices.get(keyOf(multihash))
          return slice === undefined ? this.#world.slices(space, [multihash])[0]! : [slice]
        }),
    }
    return this.#world.deps({ hasher: cheapHasher, index, readers: [this.#reader()], ...options })
  }

  #reader(): BlobReader {
    return {
      serves: () => true,
      open: (blob, site, range, signal) => {
        if (blob.key !== 'vast') return this.#world.open(blob, site, range, signal)
        this.opened.push(range)
        return ok(this.#stream(range, signal))
      },
    }
  }

  #stream(range: ByteRange, signal: AbortSignal): BlobStream {
    let at = range.first
    let open = true
    this.openStreams++
    return {
      fill: async (target) => {
        await this.beforeFill()
        if (signal.aborted) return fail(new OriginFault('OriginUnavailable', 'vast', 'aborted'))
        const pitch = this.#leafBytes + FRAME_BYTES
        for (let i = Math.floor(at / pitch); i * pitch < at + target.length; i++) {
          const offset = i * pitch + FRAME_BYTES - at
          if (offset >= 0 && offset < target.length) this.#mark(target.subarray(offset), i)
        }
        at += target.length
        return ok({})
      },
      close: () => {
        if (open) this.openStreams--
        open = false
      },
    }
  }

  #mark(leaf: Uint8Array, index: number): void {
    leaf.fill(0, 0, HASHED_BYTES)
    new DataView(leaf.buffer, leaf.byteOffset).setUint32(0, index)
  }
}
