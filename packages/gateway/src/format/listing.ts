/**
 * Folder listings as content: generated as they are read, chunk by chunk.
 * @module
 */
import { LISTING_VERSION, type ListingPage, listingPieces } from './listing-page.ts'
import type { Content } from './content.ts'
import { PAGE_HEADERS } from './page-style.ts'
import { PageReader } from './page-body.ts'

/** A folder's listing. Content-addressed, since its CID decides it, and billed like it. */
export function listingContent(page: ListingPage): Content {
  return {
    status: 200,
    type: 'text/html; charset=utf-8',
    etag: `"DirIndex-${LISTING_VERSION}_CID-${page.cid}"`,
    headers: PAGE_HEADERS,
    lifetime: 'generated',
    sizeBytes: undefined,
    ranged: false,
    billable: true,
    inMemory: false,
    body: () => ({ length: undefined, open: () => new PageReader(listingPieces(page)) }),
  }
}
