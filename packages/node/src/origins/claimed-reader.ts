/**
 * Readers of blobs at addresses that others named.
 * @module
 */
import { BLOCK_BYTES_MAX, ORIGIN_SKIP_BYTES_MAX } from '@turnpike/core/limits'
import { OPEN_ORIGINS_KEPT_MAX, OPEN_ORIGINS_KEPT_MS } from '@turnpike/core/limits/ucan'
import { CLAIMED, TRUSTLESS } from '@turnpike/core/locate/sites'
import { originOf } from '@turnpike/core/origin/address'
import type {
  BlobReader,
  BlobRef,
  BlobSite,
  BlobStream,
  OriginFault,
} from '@turnpike/core/ports/blob'
import type { Clock } from '@turnpike/core/ports/runtime'
import type { ByteRange } from '@turnpike/core/range'
import { Recent } from '@turnpike/core/recent'
import { fail, ok, type Awaitable, type Result } from '@turnpike/core/result'
import { malformedAddress } from './http-reader.ts'
import { partOfWhole } from './part-of-whole.ts'
import { openRange, type RangeQuery } from './range-request.ts'
import type { HttpTransport } from './transport.ts'
import { openShown } from '../retrieve/exchange.ts'
import type { RetrievalInvoker } from '../retrieve/invoker.ts'

/** What shows guarded origins why we may fetch. */
export interface Showing {
  readonly invoker?: RetrievalInvoker | undefined
  readonly clock: Clock
}

/**
 * Reads addresses out of location claims by ranges, and the start of what an origin sends whole.
 * Its transport must trust no address, whoever else trusts it.
 *
 * Where the space of a blob has let us fetch it, the node that claims to hold it is shown so at
 * once. What it sends without a receipt it sends to all: then it is asked as anybody asks, for as
 * long as that goes well.
 *
 * @example
 * const reader = new ClaimedReader(new HttpTransport(), { invoker, clock: nodeClock })
 * reader.serves('claimed:https://nodes.example/blob/z…') // true
 */
export class ClaimedReader implements BlobReader {
  readonly #transport: HttpTransport
  readonly #showing: Showing | undefined
  /** Origins that are open to all, until when, monotonic ms. */
  readonly #open = new Recent<string, number>(OPEN_ORIGINS_KEPT_MAX)

  constructor(transport: HttpTransport, showing?: Showing) {
    this.#transport = transport
    this.#showing = showing
  }

  serves(url: string): boolean {
    return url.startsWith(CLAIMED)
  }

  async open(
    blob: BlobRef,
    site: BlobSite,
    range: ByteRange,
    signal: AbortSignal,
  ): Promise<Result<BlobStream, OriginFault>> {
    const url = URL.parse(site.url.slice(CLAIMED.length))
    const provider = site.provider || originOf(url?.href ?? '')
    if (url === null) return fail(malformedAddress(provider))
    const skipBytesMax = ORIGIN_SKIP_BYTES_MAX
    const query = { url, headers: {}, provider, range, size: blob.size, skipBytesMax }
    const show = (): Promise<Result<BlobStream, OriginFault> | undefined> =>
      this.#show(blob, site, query, signal)
    const isOpen = this.#isOpen(url.origin)
    const shown = isOpen ? undefined : await show()
    if (shown?.ok || shown?.error?.name === 'OriginTimeout') return shown
    const opened = await openRange(this.#transport, query, signal)
    if (opened.ok) return ok(opened.ok.stream)
    if (!isOpen || opened.error.name === 'OriginTimeout') return opened
    this.#open.keep(url.origin, -Infinity)
    return (await show()) ?? opened
  }

  #isOpen(origin: string): boolean {
    const untilMs = this.#open.get(origin) ?? -Infinity
    return this.#showing === undefined || this.#showing.clock.monotonicMs() < untilMs
  }

  /** Undefined where there is nothing to show, or nobody to show it to. */
  async #show(
    { multihash }: BlobRef,
    { guard }: BlobSite,
    query: RangeQuery,
    signal: AbortSignal,
  ): Promise<Result<BlobStream, OriginFault> | undefined> {
    const { invoker, clock } = this.#showing ?? {}
    if (invoker === undefined || guard === undefined || multihash === undefined) return undefined
    const signed = await invoker.invoke(guard, { digest: multihash, range: query.range }, signal)
    if (signed === undefined) return undefined
    const opened = await openShown(this.#transport, query, signed, signal)
    if (opened.error) return opened
    if (!opened.ok.receipted)
      this.#open.keep(query.url.origin, clock!.monotonicMs() + OPEN_ORIGINS_KEPT_MS)
    return ok(opened.ok.stream)
  }
}

/**
 * Reads single blocks from trustless gateways, each whole by one request.
 * Source: trustless gateway specification, `application/vnd.ipld.raw`.
 */
export class TrustlessReader implements BlobReader {
  readonly #transport: HttpTransport

  constructor(transport: HttpTransport) {
    this.#transport = transport
  }

  serves(url: string): boolean {
    return url.startsWith(TRUSTLESS)
  }

  open(
    blob: BlobRef,
    site: BlobSite,
    range: ByteRange,
    signal: AbortSignal,
  ): Awaitable<Result<BlobStream, OriginFault>> {
    const url = URL.parse(site.url.slice(TRUSTLESS.length))
    const provider = site.provider || originOf(url?.href ?? '')
    if (url === null) return fail(malformedAddress(provider))
    return this.#openWhole(url, { ...site, provider, range, size: blob.size }, signal)
  }

  async #openWhole(
    url: URL,
    { provider, range, size }: { provider: string; range: ByteRange; size: number | undefined },
    signal: AbortSignal,
  ): Promise<Result<BlobStream, OriginFault>> {
    const headers = { accept: 'application/vnd.ipld.raw', 'accept-encoding': 'identity' }
    const sent = await this.#transport.send({ url, headers, provider }, signal)
    if (sent.error) return sent
    const query = { url, headers, provider, range, size, skipBytesMax: BLOCK_BYTES_MAX }
    const { idleMs } = this.#transport.timeouts
    const part = partOfWhole(query, sent.ok, idleMs, signal)
    if (part.error) sent.ok.request.destroy()
    return part
  }
}
