/**
 * Lets a memory of failures learn from every read.
 * @module
 */
import type { BlobReader, BlobSite, BlobStream, OriginFault } from '../ports/blob.ts'
import { ok, type Result } from '../result.ts'
import type { SiteOrder } from './order-sites.ts'

/**
 * A reader that tells `sites` of each read that failed and of each that delivers. Own sites, those
 * without a provider, are not watched: `local:` names all blobs of a store, so that one that is
 * missing would speak against the others. What the caller ended itself is no failure.
 *
 * @example
 * const sites = orderSites({ clock, random })
 * const reader = watchFailures(readersFor([blobStore, origins.reader]), sites)
 */
export function watchFailures(reader: BlobReader, sites: SiteOrder): BlobReader {
  return {
    serves: (url) => reader.serves(url),
    open(blob, site, range, signal) {
      const opening = reader.open(blob, site, range, signal)
      return site.provider === '' ? opening : watchOpened(opening, { site, sites, signal })
    },
  }
}

interface Watch {
  readonly site: BlobSite
  readonly sites: SiteOrder
  readonly signal: AbortSignal
}

async function watchOpened(
  opening: ReturnType<BlobReader['open']>,
  watch: Watch,
): Promise<Result<BlobStream, OriginFault>> {
  const opened = await opening
  if (opened.error === undefined) return ok(watchStream(opened.ok, watch))
  if (!watch.signal.aborted) watch.sites.failed(watch.site, opened.error)
  return opened
}

function watchStream(stream: BlobStream, { site, sites, signal }: Watch): BlobStream {
  let closed = false
  let delivered = false
  return {
    async fill(target) {
      const filled = await stream.fill(target)
      if (filled.error !== undefined) {
        if (!closed && !signal.aborted) sites.failed(site, filled.error)
        closed = true
      } else if (!delivered) {
        delivered = true
        sites.succeeded(site)
      }
      return filled
    },
    close() {
      closed = true
      stream.close()
    },
  }
}
