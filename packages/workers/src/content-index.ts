/**
 * The `ContentIndex` port on a published index.
 * @module
 */
import { LRUCache } from 'lru-cache'
import { WORKER_PAGES_KEPT_BYTES_MAX } from '@turnpike/core/limits/workers'
import { OriginFault, type Slice } from '@turnpike/core/ports/blob'
import type { ContentIndex, SpaceDid } from '@turnpike/core/ports/content'
import { entriesOf, pageFor, type TableEntry, type TablePage } from './block-table.ts'
import type { Deployment, DeploymentState, HeldBlob } from './deployment.ts'
import type { Bucket } from './platform.ts'

/** Pages read at once: Cloudflare lets a request wait for six answers. */
const PAGES_AT_ONCE = 6

/** A block's entry with its blob. */
interface Found {
  readonly entry: TableEntry
  readonly blob: HeldBlob
}

/**
 * Looks blocks up in the index in force. A look-up reads one page of the table unless it is kept;
 * 4 MiB of pages hold some 80,000 blocks.
 *
 * @example
 * const index = new PublishedIndex(env.CONTENT, deployment)
 */
export class PublishedIndex implements ContentIndex {
  readonly #bucket: Bucket
  readonly #deployment: Deployment
  readonly #pages = new LRUCache<string, Uint8Array>({
    maxSize: WORKER_PAGES_KEPT_BYTES_MAX,
    sizeCalculation: (page) => page.length + 256,
  })

  constructor(bucket: Bucket, deployment: Deployment) {
    this.#bucket = bucket
    this.#deployment = deployment
  }

  async spaces(multihash: Uint8Array): Promise<readonly SpaceDid[]> {
    const state = await this.#deployment.current()
    const [found] = await this.#find(state, [multihash])
    const first = new Map<SpaceDid, number>()
    for (const { blob } of found!)
      for (const { space, accepted } of blob.holders)
        first.set(space, Math.min(accepted, first.get(space) ?? Infinity))
    const inOrder = [...first].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1))
    return inOrder.map(([space]) => space)
  }

  async slices(
    space: SpaceDid,
    multihashes: readonly Uint8Array[],
  ): Promise<readonly (readonly Slice[])[]> {
    const state = await this.#deployment.current()
    const found = await this.#find(state, multihashes)
    return found.map((places) => slicesFor(space, places))
  }

  async #find(state: DeploymentState, multihashes: readonly Uint8Array[]): Promise<Found[][]> {
    const wanted = multihashes.map((multihash) => pageFor(state.pages, multihash))
    const pages = await this.#load(state.blocksKey, new Set(wanted))
    return multihashes.map((multihash, i) => {
      const page = wanted[i] && pages.get(wanted[i])
      const entries = page === undefined ? [] : entriesOf(page, multihash)
      return entries.map((entry) => ({ entry, blob: state.blobs[entry.blob]! }))
    })
  }

  async #load(
    key: string,
    wanted: ReadonlySet<TablePage | undefined>,
  ): Promise<Map<TablePage, Uint8Array>> {
    const pages = new Map<TablePage, Uint8Array>()
    const missing: TablePage[] = []
    for (const page of wanted) {
      if (page === undefined) continue
      const kept = this.#pages.get(`${key} ${page.offset}`)
      if (kept === undefined) missing.push(page)
      else pages.set(page, kept)
    }
    for (let at = 0; at < missing.length; at += PAGES_AT_ONCE) {
      const batch = missing.slice(at, at + PAGES_AT_ONCE)
      const read = await Promise.all(batch.map((page) => readPage(this.#bucket, key, page)))
      for (const [i, bytes] of read.entries()) {
        pages.set(batch[i]!, bytes)
        this.#pages.set(`${key} ${batch[i]!.offset}`, bytes)
      }
    }
    return pages
  }
}

/** @throws {OriginFault} when the bucket does not give the page */
async function readPage(bucket: Bucket, key: string, page: TablePage): Promise<Uint8Array> {
  const { offset, length } = page
  const object = await bucket.get(key, { range: { offset, length } }).catch((error: unknown) => {
    throw new OriginFault('OriginUnavailable', '', 'bucket expected to answer', error)
  })
  const bytes = new Uint8Array((await object?.arrayBuffer()) ?? new ArrayBuffer(0))
  if (bytes.length === length) return bytes
  const got = `${bytes.length} bytes`
  throw new OriginFault('OriginMissing', '', `index expected a page of ${length} bytes, got ${got}`)
}

/** Slices in blobs of one space: our own store first, then whatever the space got first. */
function slicesFor(space: SpaceDid, found: readonly Found[]): readonly Slice[] {
  const held: { readonly slice: Slice; readonly local: boolean; readonly accepted: number }[] = []
  for (const { entry, blob } of found) {
    const holder = blob.holders.find((one) => one.space === space)
    if (holder === undefined) continue
    const slice = { blob: blob.ref, offset: entry.offset, length: entry.length }
    held.push({ slice, local: blob.local, accepted: holder.accepted })
  }
  held.sort((a, b) => Number(b.local) - Number(a.local) || a.accepted - b.accepted)
  return held.map(({ slice }) => slice)
}
