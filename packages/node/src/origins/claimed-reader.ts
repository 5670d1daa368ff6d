/**
 * Readers of blobs at addresses that others named.
 * @module
 */
import { BLOCK_BYTES_MAX, ORIGIN_SKIP_BYTES_MAX } from '@turnpike/core/limits'
import { CLAIMED, TRUSTLESS } from '@turnpike/core/locate/sites'
import { originOf } from '@turnpike/core/origin/address'
import type {
  BlobReader,
  BlobRef,
  BlobSite,
  BlobStream,
  OriginFault,
} from '@turnpike/core/ports/blob'
import type { ByteRange } from '@turnpike/core/range'
import { fail, ok, type Awaitable, type Result } from '@turnpike/core/result'
import { malformedAddress } from './http-reader.ts'
import { partOfWhole } from './part-of-whole.ts'
import { openRange } from './range-request.ts'
import type { HttpTransport } from './transport.ts'

/**
 * Reads addresses out of location claims by ranges, and the start of what an origin sends whole.
 * Its transport must trust no address, whoever else trusts it.
 *
 * @example
 * const reader = new ClaimedReader(new HttpTransport())
 * reader.serves('claimed:https://nodes.example/blob/z…') // true
 */
export class ClaimedReader implements BlobReader {
  readonly #transport: HttpTransport

  constructor(transport: HttpTransport) {
    this.#transport = transport
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
    const opened = await openRange(this.#transport, query, signal)
    return opened.error === undefined ? ok(opened.ok.stream) : opened
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
