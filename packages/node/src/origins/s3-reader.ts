/**
 * `BlobReader` for `s3://bucket/key` addresses.
 * @module
 */
import { originOf } from '@turnpike/core/origin/address'
import type {
  BlobReader,
  BlobRef,
  BlobSite,
  BlobStream,
  OriginFault,
} from '@turnpike/core/ports/blob'
import type { ByteRange } from '@turnpike/core/range'
import { fail, ok, type Result } from '@turnpike/core/result'
import { malformedAddress } from './http-reader.ts'
import { openRange } from './range-request.ts'
import { parseS3Address, s3Url } from './s3-address.ts'
import { signedHeaders, type S3Store } from './s3-store.ts'

/**
 * Reads objects of a store's configured buckets by ranges, over the same checks as plain HTTP.
 *
 * @example
 * const reader = new S3RangeReader({ settings, transport, clock })
 */
export class S3RangeReader implements BlobReader {
  readonly #store: S3Store
  readonly #buckets: ReadonlySet<string>

  constructor(store: S3Store) {
    this.#store = store
    this.#buckets = new Set(store.settings.buckets)
  }

  serves(url: string): boolean {
    const address = parseS3Address(url)
    return address !== undefined && this.#buckets.has(address.bucket)
  }

  async open(
    blob: BlobRef,
    site: BlobSite,
    range: ByteRange,
    signal: AbortSignal,
  ): Promise<Result<BlobStream, OriginFault>> {
    const provider = site.provider || originOf(site.url)
    const address = parseS3Address(site.url)
    if (address === undefined || !this.#buckets.has(address.bucket))
      return fail(malformedAddress(provider))
    const { transport, settings } = this.#store
    const url = s3Url(settings.endpoint, address)
    const headers = await signedHeaders(this.#store, url)
    const query = { url, headers, provider, range, size: blob.size }
    const opened = await openRange(transport, query, signal)
    return opened.error === undefined ? ok(opened.ok.stream) : opened
  }
}
