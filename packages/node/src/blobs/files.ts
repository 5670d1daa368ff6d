/**
 * Files of blobs that stay open between reads, and the streams that read them.
 * @module
 */
import { BLOB_FILES_MAX } from '@turnpike/core/limits/store'
import { OriginFault, type BlobStream } from '@turnpike/core/ports/blob'
import type { ByteRange } from '@turnpike/core/range'
import { fail, ok, type Awaitable, type Result, type Unit } from '@turnpike/core/result'
import { close, fstat, open, read, readSync } from 'node:fs'
import { promisify } from 'node:util'

const openFile = promisify(open)
const statFile = promisify(fstat)

/** An open file of a blob, shared by its streams. */
export interface BlobFile {
  readonly fd: number
  readonly sizeBytes: number
  /** Streams that use it, and one more while it is kept. It is closed at 0. */
  users: number
}

/** The most recently used files, at most `filesMax` beside those in use. */
export class BlobFiles {
  readonly #filesMax: number
  readonly #kept = new Map<string, BlobFile>()

  constructor(filesMax: number = BLOB_FILES_MAX) {
    this.#filesMax = filesMax
  }

  /** Opens a file or takes a kept one; rejects as `fs.open` does. Each is given back once. */
  take(path: string): Awaitable<BlobFile> {
    const kept = this.#kept.get(path)
    if (kept === undefined) return this.#open(path)
    this.#kept.delete(path)
    this.#kept.set(path, kept)
    kept.users++
    return kept
  }

  async #open(path: string): Promise<BlobFile> {
    const fd = await openFile(path, 'r')
    const file: BlobFile = { fd, sizeBytes: (await statFile(fd)).size, users: 1 }
    if (this.#kept.has(path)) return file
    file.users++
    this.#kept.set(path, file)
    if (this.#kept.size > this.#filesMax) this.forget(this.#kept.keys().next().value!)
    return file
  }

  /** Says that one stream is done with the file. */
  give(file: BlobFile): void {
    if (--file.users === 0) close(file.fd, () => {})
  }

  /** Keeps the file of `path` no longer; streams that read it go on. */
  forget(path: string): void {
    const file = this.#kept.get(path)
    if (file === undefined) return
    this.#kept.delete(path)
    this.give(file)
  }

  /** Keeps no file any longer. */
  clear(): void {
    for (const path of this.#kept.keys()) this.forget(path)
  }
}

const DONE: Result<Unit, never> = ok({})
/** Our own store is nobody's origin. */
const PROVIDER = ''

/** What an error of opening or reading a blob's file means. */
export function readFault(error: unknown): OriginFault {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT')
    return new OriginFault('OriginMissing', PROVIDER, 'the local store has no such blob', error)
  const message = `the local store can't read: ${String(error)}`
  return new OriginFault('OriginUnavailable', PROVIDER, message, error)
}

/** The range does not lie in the blob, whatever the index says. */
export function rangeFault(range: ByteRange, sizeBytes: number): OriginFault {
  const { first, last } = range
  return new OriginFault(
    'OriginLied',
    PROVIDER,
    `local blob expected to hold bytes ${first} to ${last}, got ${sizeBytes} bytes`,
  )
}

/**
 * Reads `range` of a file that was taken from `files`; closing the stream gives it back. Targets
 * of at most `syncBytesMax` bytes are filled synchronously: for disks that are fast.
 */
export function streamFile(
  files: BlobFiles,
  file: BlobFile,
  range: ByteRange,
  signal: AbortSignal,
  syncBytesMax: number = 0,
): BlobStream {
  return new FileStream(files, file, range, signal, syncBytesMax)
}

class FileStream implements BlobStream {
  readonly #files: BlobFiles
  readonly #file: BlobFile
  readonly #last: number
  readonly #signal: AbortSignal
  readonly #syncBytesMax: number
  #at: number
  #reading = false
  #closed = false

  constructor(
    files: BlobFiles,
    file: BlobFile,
    range: ByteRange,
    signal: AbortSignal,
    syncBytesMax: number,
  ) {
    this.#files = files
    this.#file = file
    this.#at = range.first
    this.#last = range.last
    this.#signal = signal
    this.#syncBytesMax = syncBytesMax
  }

  fill(target: Uint8Array): Awaitable<Result<Unit, OriginFault>> {
    if (this.#signal.aborted) this.close()
    if (this.#closed) return fail(closedFault())
    const last = this.#at + target.length - 1
    if (last > this.#last) return fail(rangeFault({ first: this.#at, last }, this.#last + 1))
    return target.length <= this.#syncBytesMax ? this.#fillNow(target) : this.#fillLater(target)
  }

  #fillNow(target: Uint8Array): Result<Unit, OriginFault> {
    try {
      for (let filled = 0; filled < target.length;) {
        const left = target.length - filled
        const count = readSync(this.#file.fd, target, filled, left, this.#at)
        if (count === 0) return fail(this.#short())
        filled += count
        this.#at += count
      }
      return DONE
    } catch (error) {
      return fail(readFault(error))
    }
  }

  async #fillLater(target: Uint8Array): Promise<Result<Unit, OriginFault>> {
    this.#reading = true
    const fault = await this.#readWhole(target)
    this.#reading = false
    if (this.#closed) this.#files.give(this.#file)
    else if (this.#signal.aborted) this.close()
    if (this.#closed) return fail(closedFault())
    return fault === undefined ? DONE : fail(fault)
  }

  #readWhole(target: Uint8Array): Promise<OriginFault | undefined> {
    return new Promise((resolve) => {
      const readOn = (filled: number): void => {
        if (filled === target.length) return resolve(undefined)
        const left = target.length - filled
        read(this.#file.fd, target, filled, left, this.#at, (error, count) => {
          if (error !== null) return resolve(readFault(error))
          if (count === 0) return resolve(this.#short())
          this.#at += count
          readOn(filled + count)
        })
      }
      readOn(0)
    })
  }

  #short(): OriginFault {
    return rangeFault({ first: this.#at, last: this.#last }, this.#at)
  }

  close(): void {
    // A read under way still writes into its target: then the file is given back after it.
    if (!this.#closed && !this.#reading) this.#files.give(this.#file)
    this.#closed = true
  }
}

function closedFault(): OriginFault {
  return new OriginFault('OriginUnavailable', PROVIDER, 'the local read was closed by its caller')
}
