/**
 * `BlobReader` for `file:` addresses: CARs that were indexed where they lie on this machine.
 * @module
 */
import { OriginFault, type BlobReader, type BlobRef } from '@turnpike/core/ports/blob'
import type { BlobSite, BlobStream } from '@turnpike/core/ports/blob'
import type { ByteRange } from '@turnpike/core/range'
import { fail, ok, type Result } from '@turnpike/core/result'
import { fileURLToPath } from 'node:url'
import { BlobFiles, rangeFault, readFault, streamFile, type BlobFile } from '../blobs/files.ts'

/**
 * Reads files under the operator's own folders, and no others: an address that came from others
 * can't name a file of this machine.
 *
 * @example
 * const reader = new FileRangeReader(ownSites(catalog))
 */
export class FileRangeReader implements BlobReader {
  readonly #trusts: (url: URL) => boolean
  readonly #files = new BlobFiles()

  constructor(trusts: (url: URL) => boolean) {
    this.#trusts = trusts
  }

  serves(address: string): boolean {
    return this.#pathOf(address) !== undefined
  }

  async open(
    blob: BlobRef,
    site: BlobSite,
    range: ByteRange,
    signal: AbortSignal,
  ): Promise<Result<BlobStream, OriginFault>> {
    const path = this.#pathOf(site.url)
    if (path === undefined) return fail(forbidden())
    let file: BlobFile
    try {
      file = await this.#files.take(path)
    } catch (error) {
      return fail(readFault(error))
    }
    const fits = range.first >= 0 && range.first <= range.last && range.last < file.sizeBytes
    if (fits && (blob.size === undefined || blob.size === file.sizeBytes))
      return ok(streamFile(this.#files, file, range, signal))
    // A file that changed its size was replaced: the next read opens it anew.
    this.#files.forget(path)
    this.#files.give(file)
    return fail(rangeFault(range, file.sizeBytes))
  }

  /** Closes the files that are kept open. */
  close(): void {
    this.#files.clear()
  }

  #pathOf(address: string): string | undefined {
    const url = address.startsWith('file:') ? URL.parse(address) : null
    if (url === null || !this.#trusts(url)) return undefined
    try {
      return fileURLToPath(url)
    } catch {
      // A host, or an encoded slash.
      return undefined
    }
  }
}

function forbidden(): OriginFault {
  const message = 'origin file: expected a file under an own folder, got another'
  return new OriginFault('OriginForbidden', 'file:', message)
}
