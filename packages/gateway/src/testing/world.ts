/**
 * A small world for tests of the read path: blobs in memory whose reads are counted and can go
 * wrong.
 * @module
 */
import {
  type BlobReader,
  type BlobRef,
  type BlobSite,
  type BlobStream,
  OriginFault,
  type Slice,
} from '@turnpike/core/ports/blob'
import type {
  Authorization,
  Authorizer,
  ContentIndex,
  SpaceDid,
} from '@turnpike/core/ports/content'
import { type Awaitable, type Result, type Unit, fail, ok } from '@turnpike/core/result'
import type { Answer } from '../meter.ts'
import type { ByteRange } from '@turnpike/core/range'
import { FileLayout } from '@turnpike/core/unixfs/file-layout'
import { FolderBuilder } from '@turnpike/core/unixfs/directory'
import type { FetchEntry, LogEntry, ReadEntry } from '@turnpike/core/log/entry'
import type { Hasher, Timer } from '@turnpike/core/ports/runtime'
import type { Journal } from '@turnpike/core/ports/journal'
import { Unauthorized } from '@turnpike/core/ports/content'
import type { GatewayDeps } from '../deps.ts'
import type { DagNode, FileNode, UnixfsBlock } from '@turnpike/core/unixfs/block'
import type { UnixfsProfile } from '@turnpike/core/unixfs/profile'
import { createHash, hash, randomBytes } from 'node:crypto'
import { decodeEntry } from '@turnpike/core/log/decode'
import { keyOf } from '@turnpike/core/bytes'
import { leafOf, smallFile } from '@turnpike/core/unixfs/leaf'
import { orderSites } from '@turnpike/core/origin/order-sites'
import { silentObserver } from '../observer.ts'

export const alice: SpaceDid = 'did:key:z6MkAlice'
export const bob: SpaceDid = 'did:key:z6MkBob'
export const gatewayDid: SpaceDid = 'did:key:z6MkGateway'

export const hasher: Hasher = {
  sha256: (bytes) => hash('sha256', bytes, 'buffer'),
  digest: (code, bytes) =>
    code === 0x13 ? createHash('sha512').update(bytes).digest() : undefined,
}

/** One range read that the world answered. */
export interface Opened {
  readonly url: string
  readonly range: ByteRange
  readonly signal: AbortSignal
}

/** Blocks by space, in blobs; every read of them is written down. */
export class World implements ContentIndex, Authorizer, BlobReader {
  readonly opened: Opened[] = []
  readonly entries: LogEntry[] = []
  readonly granted: Set<string> = new Set([alice, bob])
  /** Called before each fill; what it returns is the fault of that fill. */
  onFill: (url: string) => Awaitable<OriginFault | undefined> = () => undefined
  /** A bit that is wrong in every blob. */
  flip: { readonly position: number; readonly mask: number } | undefined
  readonly #blobs = new Map<string, Uint8Array>()
  readonly #slices = new Map<string, Slice[]>()
  readonly #order: SpaceDid[] = []
  #clockMs = 1_000_000

  /** Stores blocks in one blob of a space, each after 40 bytes that belong to no block. */
  put(space: SpaceDid, blocks: readonly UnixfsBlock[], urls: readonly string[] = ['local:']): void {
    const sized = blocks.reduce((sum, block) => sum + block.bytes.length + 40, 0)
    const bytes = new Uint8Array(sized)
    const key = `blob${this.#blobs.size}`
    const sites = urls.map((url) => ({ url, provider: url === 'local:' ? '' : url }))
    const blob: BlobRef = { key, multihash: undefined, size: sized, sites }
    let offset = 0
    for (const block of blocks) {
      offset += 40
      bytes.set(block.bytes, offset)
      const slices = this.#slicesOf(space, block.link.multihash)
      slices.push({ blob, offset, length: block.bytes.length })
      offset += block.bytes.length
    }
    this.#blobs.set(key, bytes)
    if (!this.#order.includes(space)) this.#order.push(space)
  }

  /** Bytes of all range reads that were opened. */
  get openedBytes(): number {
    return this.opened.reduce((sum, { range }) => sum + range.last - range.first + 1, 0)
  }

  tick(ms: number): void {
    this.#clockMs += ms
  }

  get reads(): ReadEntry[] {
    return this.entries.flatMap((one) => (one.kind === 'read' ? [one.entry] : []))
  }

  get fetches(): FetchEntry[] {
    return this.entries.flatMap((one) => (one.kind === 'fetch' ? [one.entry] : []))
  }

  spaces(multihash: Uint8Array): readonly SpaceDid[] {
    return this.#order.filter((space) => this.#slices.has(`${space} ${keyOf(multihash)}`))
  }

  slices(space: SpaceDid, multihashes: readonly Uint8Array[]): readonly (readonly Slice[])[] {
    return multihashes.map((multihash) => this.#slices.get(`${space} ${keyOf(multihash)}`) ?? [])
  }

  authorize(space: SpaceDid): Result<Authorization, Unauthorized> {
    return this.granted.has(space)
      ? ok({ space, expiresMs: undefined, byToken: false })
      : fail(new Unauthorized(space, 'no delegation'))
  }

  serves(): boolean {
    return true
  }

  open(
    blob: BlobRef,
    site: BlobSite,
    range: ByteRange,
    signal: AbortSignal,
  ): Result<BlobStream, OriginFault> {
    this.opened.push({ url: site.url, range, signal })
    const bytes = this.#blobs.get(blob.key)!
    let at = range.first
    const fill = async (target: Uint8Array): Promise<Result<Unit, OriginFault>> => {
      const fault = await this.onFill(site.url)
      if (fault !== undefined) return fail(fault)
      if (signal.aborted) return fail(new OriginFault('OriginUnavailable', site.url, 'aborted'))
      target.set(bytes.subarray(at, at + target.length))
      const flipped = (this.flip?.position ?? -1) - at
      if (flipped >= 0 && flipped < target.length) target[flipped]! ^= this.flip!.mask
      at += target.length
      return ok({})
    }
    return ok({ fill, close() {} })
  }

  deps(options: Partial<GatewayDeps> = {}): GatewayDeps {
    return {
      index: this,
      authorizer: this,
      readers: [this],
      hasher,
      sites: orderSites({
        clock: { nowMs: () => this.#clockMs, monotonicMs: () => this.#clockMs },
        random: { bytes: (length) => randomBytes(length) },
      }),
      observer: { ...silentObserver, crash: (error) => assertNever(error) },
      journal: this.#journal(),
      clock: { nowMs: () => this.#clockMs, monotonicMs: () => this.#clockMs },
      timer: timeouts,
      random: { bytes: (length) => randomBytes(length) },
      provider: gatewayDid,
      region: 'test',
      hosts: { named: new Set(['gateway.example']), subdomain: new Set(['sub.example']) },
      blockCacheBytesMax: 8 << 20,
      readAheadBytesMax: 64 << 20,
      answerCacheBytesMax: 8 << 20,
      ...options,
    }
  }

  #journal(): Journal {
    return {
      admit: () => ({
        start() {},
        mark() {},
        end: (entries) => {
          for (const entry of entries) {
            const decoded = decodeEntry(entry)
            if (decoded.error) throw decoded.error
            this.entries.push(decoded.ok)
          }
        },
      }),
    }
  }

  #slicesOf(space: SpaceDid, multihash: Uint8Array): Slice[] {
    const key = `${space} ${keyOf(multihash)}`
    const slices = this.#slices.get(key) ?? []
    this.#slices.set(key, slices)
    return slices
  }
}

const timeouts: Timer = {
  after(delayMs, call) {
    const timeout = setTimeout(call, delayMs)
    return () => clearTimeout(timeout)
  },
}

function assertNever(error: unknown): never {
  throw error
}

/** A file's blocks: leaves in order, then interior nodes, as add lays them. */
export function fileBlocks(
  profile: UnixfsProfile,
  content: Uint8Array,
): { root: FileNode; blocks: UnixfsBlock[] } {
  if (content.length <= profile.chunkBytes) {
    const root = smallFile(profile, hasher, content)
    return { root, blocks: [root] }
  }
  const layout = new FileLayout(profile, hasher)
  const leaves: UnixfsBlock[] = []
  const interior: UnixfsBlock[] = []
  for (let at = 0; at < content.length; at += profile.chunkBytes) {
    const leaf = leafOf(profile, hasher, content.subarray(at, at + profile.chunkBytes))
    leaves.push(leaf)
    interior.push(...layout.add(leaf))
  }
  const end = layout.finish()
  return { root: end.root, blocks: [...leaves, ...interior, ...end.blocks] }
}

/** A folder's blocks; the last is its root. */
export function folderBlocks(
  profile: UnixfsProfile,
  entries: readonly (readonly [name: string, node: DagNode])[],
): UnixfsBlock[] {
  const folder = new FolderBuilder(profile, hasher)
  for (const [name, node] of entries) {
    const added = folder.add(name, node)
    if (added.error) throw added.error
  }
  const finished = folder.finish()
  if (finished.error) throw finished.error
  return [...finished.ok]
}

/** What a client got. `broken`: the body failed in the middle. */
export interface Got {
  readonly status: number
  readonly headers: Map<string, string>
  readonly body: Uint8Array
  readonly broken: boolean
}

/** Reads an answer as an adapter does, up to `bytesMax`, and settles it. */
export async function drain(answer: Answer, bytesMax: number = Infinity): Promise<Got> {
  await answer.body.start()
  const reader = answer.body.open(new AbortController().signal)
  const chunks: Uint8Array[] = []
  let bytes = 0
  let end: 'complete' | 'client-left' | 'failed' = 'complete'
  try {
    for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read()) {
      chunks.push(chunk.slice())
      bytes += chunk.length
      answer.body.mark(bytes)
      if (bytes >= bytesMax) {
        end = 'client-left'
        break
      }
    }
  } catch {
    end = 'failed'
  }
  reader.close()
  answer.body.settle({ bytes, grade: 1, end })
  const headers = new Map(answer.headers.map(([name, value]) => [name.toLowerCase(), value]))
  return {
    status: answer.status,
    headers,
    body: Buffer.concat(chunks),
    broken: end === 'failed',
  }
}
