/**
 * One reader for all addresses, from readers that each serve some.
 * @module
 */
import { OriginFault, type BlobReader } from '../ports/blob.ts'
import { fail } from '../result.ts'
import { originOf } from './address.ts'

/**
 * A reader that hands each address to the first of `readers` that serves it. An address that none
 * serves is `OriginUnavailable`, so that the next site is tried.
 *
 * @example
 * const reader = readersFor([localReader, httpReader, s3Reader])
 */
export function readersFor(readers: readonly BlobReader[]): BlobReader {
  const readerOf = (url: string) => readers.find((reader) => reader.serves(url))
  return {
    serves: (url) => readerOf(url) !== undefined,
    open(blob, site, range, signal) {
      const reader = readerOf(site.url)
      if (reader !== undefined) return reader.open(blob, site, range, signal)
      const provider = site.provider || originOf(site.url)
      const message = `origin ${provider} expected an address that a reader serves, got none`
      return fail(new OriginFault('OriginUnavailable', provider, message))
    },
  }
}
