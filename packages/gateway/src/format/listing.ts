/**
 * Folder listings as content: generated as they are read, chunk by chunk.
 * @module
 */
import type { BodyReader } from '@turnpike/core/body'
import { LISTING_VERSION, type ListingPage, listingPieces } from './listing-page.ts'
import type { Content } from './content.ts'

const CHUNK_CHARS = 32 * 1024
const utf8 = new TextEncoder()

/** A folder's listing. Content-addressed, since its CID decides it, and billed like it. */
export function listingContent(page: ListingPage): Content {
  return {
    status: 200,
    type: 'text/html; charset=utf-8',
    etag: `"DirIndex-${LISTING_VERSION}_CID-${page.cid}"`,
    headers: [],
    lifetime: 'generated',
    sizeBytes: undefined,
    ranged: false,
    billable: true,
    inMemory: false,
    body: () => ({ length: undefined, open: () => new ListingReader(page) }),
  }
}

class ListingReader implements BodyReader {
  readonly #pieces: Generator<string>

  constructor(page: ListingPage) {
    this.#pieces = listingPieces(page)
  }

  /** About 32 KiB at a time: building one takes well under a millisecond of the serving thread. */
  read(): Uint8Array | null {
    let text = ''
    while (text.length < CHUNK_CHARS) {
      const piece = this.#pieces.next()
      if (piece.done) break
      text += piece.value
    }
    return text === '' ? null : utf8.encode(text)
  }

  close(): void {
    this.#pieces.return(undefined)
  }
}
