/**
 * `BlobReader` for `http:` and `https:` addresses whose origins answer range requests.
 * @module
 */
import { originOf } from '@turnpike/core/origin/address'
import {
  OriginFault,
  type BlobReader,
  type BlobRef,
  type BlobSite,
  type BlobStream,
} from '@turnpike/core/ports/blob'
import type { ByteRange } from '@turnpike/core/range'
import { fail, ok, type Result } from '@turnpike/core/result'
import { openRange } from './range-request.ts'
import type { HttpTransport } from './transport.ts'

/**
 * Reads blobs by ranges over HTTP. Who may be asked is the transport's to decide. Faults name the
 * site's provider, or else the address's origin, never its path or query.
 *
 * @example
 * const transport = new HttpTransport({ trusts: ownSites(catalog) })
 * const reader = new HttpRangeReader(transport)
 */
export class HttpRangeReader implements BlobReader {
  readonly #transport: HttpTransport

  constructor(transport: HttpTransport) {
    this.#transport = transport
  }

  serves(url: string): boolean {
    return url.startsWith('https:') || url.startsWith('http:')
  }

  async open(
    blob: BlobRef,
    site: BlobSite,
    range: ByteRange,
    signal: AbortSignal,
  ): Promise<Result<BlobStream, OriginFault>> {
    const provider = site.provider || originOf(site.url)
    const url = URL.parse(site.url)
    if (url === null) return fail(malformedAddress(provider))
    const query = { url, headers: {}, provider, range, size: blob.size }
    const opened = await openRange(this.#transport, query, signal)
    return opened.error === undefined ? ok(opened.ok.stream) : opened
  }
}

/** The fault of an address that can't be parsed; the address itself stays unsaid. */
export function malformedAddress(provider: string): OriginFault {
  const message = `origin ${provider} expected a well-formed address, got a malformed one`
  return new OriginFault('OriginUnavailable', provider, message)
}
