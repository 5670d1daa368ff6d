/**
 * Files of blobs that stay open between reads, and the streams that read them.
 * @module
 */
import { BLOB_FILES_MAX } from '@turnpike/core/limits'
import { OriginFault, type BlobStream } from '@turnpike/core/ports/blob'
import type { ByteRange } from '@turnpike/core/range'
import { fail, ok, type Awaitable, type Result, type Unit } from '@turnpike/core/result'
import { close, fstat, open, read } from 'node:fs'
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

const LOCAL = ''

/** What an error of opening or reading a blob's file means. */
export function readFault(error: unknown): OriginFault {
  const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
  return new OriginFault(
    missing ? 'OriginMissing' : 'OriginUnavailable',
    LOCAL,
    missing ? 'the local store has no such blob' : `the local store can't read: ${String(error)}`,
    error,
  )
}

/** The range does not lie in the blob, whatever the index says. */
export function rangeFault(range: ByteRange, sizeBytes: number): OriginFault {
  const { first, last } = range
  return new OriginFault(
    'OriginLied',
    LOCAL,
    `local blob expected to hold bytes ${first} to ${last}, got ${sizeBytes} bytes`,
  )
}

/** Reads `range` of a file that was taken from `files`, and gives it back. */
export function streamFile(
  files: BlobFiles,
  file: BlobFile,
  range: ByteRange,
  signal: AbortSignal,
): BlobStream {
  let at = range.first
  let reading = false
  let closed = false
  const end = (): void => {
    // A read under way still writes into its target, so the file is given back only after it.
    if (!closed && !reading) files.give(file)
    closed = true
  }
  const ended = (): OriginFault =>
    new OriginFault('OriginUnavailable', LOCAL, 'the local read was closed by its caller')
  return {
    fill: (target) =>
      new Promise<Result<Unit, OriginFault>>((resolve) => {
        if (signal.aborted) end()
        if (closed) return resolve(fail(ended()))
        if (at + target.length - 1 > range.last)
          return resolve(
            fail(rangeFault({ first: at, last: at + target.length - 1 }, range.last + 1)),
          )
        const step = (filled: number): void => {
          if (filled === target.length) return finish()
          read(file.fd, target, filled, target.length - filled, at, (error, count) => {
            if (error !== null) return finish(readFault(error))
            if (count === 0) return finish(rangeFault({ first: at, last: range.last }, at))
            at += count
            step(filled + count)
          })
        }
        const finish = (fault?: OriginFault): void => {
          reading = false
          if (closed) files.give(file)
          else if (signal.aborted) end()
          resolve(closed ? fail(ended()) : fault ? fail(fault) : ok({}))
        }
        reading = true
        step(0)
      }),
    close: end,
  }
}
