/**
 * Reading files that must not change meanwhile.
 * @module
 */
import { closeSync, constants, fstatSync, openSync, read, readSync } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import { promisify } from 'node:util'
import { ADD_READ_SYNC_BYTES_MAX, SPOOL_BATCH_BYTES } from '@turnpike/core/limits/store'
import type { Slots } from '../blobs/slots.ts'
import { LEAF_FRAME_BYTES_MAX, type LeafFrame } from '@turnpike/core/unixfs/leaf'
import { PathRefused } from './errors.ts'

const readAsync = promisify(read)

/** A file that is open, and what it was when it was opened. */
export interface OpenFile {
  readonly path: string
  readonly fd: number
  readonly stats: BigIntStats
  /** To be called exactly once. */
  close(): void
}

/**
 * Opens a file to be added. Never waits for a fifo that took the file's place, and never follows a
 * link that did.
 *
 * @throws {PathRefused} `FileUnreadable`, or `FileSpecial` when it is no file (any more)
 */
export function openFile(path: string): OpenFile {
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
  let fd: number
  try {
    fd = openSync(path, flags)
  } catch (error) {
    throw unreadable(path, error)
  }
  const stats = fstatSync(fd, { bigint: true })
  const close = (): void => closeSync(fd)
  if (stats.isFile()) return { path, fd, stats, close }
  close()
  throw new PathRefused('FileSpecial', path, 'a file, a folder or a symbolic link')
}

/** What an error of reading a path means. */
export function unreadable(path: string, cause: unknown): PathRefused {
  const code = (cause as NodeJS.ErrnoException).code ?? String(cause)
  return new PathRefused('FileUnreadable', path, `to be readable, got ${code}`, cause)
}

/**
 * Reads files one after the other, with two buffers for all of them.
 *
 * Small files are read synchronously, which takes a third of the time (system calls of 3 us against
 * round trips of 30 us to a thread); of large ones, the next chunk is read while the last is used.
 */
export class FileReader {
  readonly #chunkBytes: number
  readonly #slots: Slots | undefined
  readonly #buffers: readonly [Uint8Array, Uint8Array]

  /**
   * @param chunkBytes length of every chunk but a file's last
   * @param slots where to read to, if chunks go to blobs: from there they are stored fastest
   */
  constructor(chunkBytes: number, slots?: Slots) {
    this.#chunkBytes = chunkBytes
    const bytes = LEAF_FRAME_BYTES_MAX + chunkBytes + LEAF_FRAME_BYTES_MAX
    this.#slots = bytes <= SPOOL_BATCH_BYTES ? slots : undefined
    const buffer = (): Uint8Array => this.#slots?.take() ?? new Uint8Array(bytes)
    this.#buffers = [buffer(), buffer()]
  }

  /**
   * `before`, the chunk that is lent and `after` in one piece, made in the buffer that it lies in;
   * lent as long as the chunk.
   *
   * @throws {RangeError} when either is longer than `LEAF_FRAME_BYTES_MAX`
   */
  around(chunk: Uint8Array, { before, after }: LeafFrame): Uint8Array {
    if (before.length === 0 && after.length === 0) return chunk
    const longest = Math.max(before.length, after.length)
    if (longest > LEAF_FRAME_BYTES_MAX)
      throw new RangeError(`frame expected <= ${LEAF_FRAME_BYTES_MAX} bytes, got ${longest}`)
    const length = before.length + chunk.length + after.length
    const whole = new Uint8Array(chunk.buffer, chunk.byteOffset - before.length, length)
    whole.set(before)
    whole.set(after, length - after.length)
    return whole
  }

  /** Gives the buffers back. No chunk may be in use. */
  close(): void {
    for (const buffer of this.#buffers) this.#slots?.give(buffer)
  }

  /**
   * The file's content in chunks; one empty chunk for an empty file. A chunk is lent until the next
   * one is asked for. Overlapping calls are not allowed.
   *
   * @throws {PathRefused} `FileChanged` when size or time differ at the end, `FileUnreadable`
   * @example
   * for await (const chunk of reader.chunks(file)) hash.update(chunk)
   */
  async *chunks(file: OpenFile, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const sizeBytes = Number(file.stats.size)
    const isSmall = sizeBytes < Math.min(this.#chunkBytes, ADD_READ_SYNC_BYTES_MAX)
    let bytes = 0
    if (isSmall) {
      const chunk = readWhole(file, this.#buffer(0).subarray(0, sizeBytes + 1))
      bytes = chunk.length
      if (bytes <= sizeBytes) yield chunk
    } else {
      for await (const chunk of this.#readAhead(file, signal)) {
        bytes += chunk.length
        if (bytes > sizeBytes) break
        yield chunk
      }
    }
    const after = fstatSync(file.fd, { bigint: true })
    const same = after.size === file.stats.size && after.mtimeNs === file.stats.mtimeNs
    if (!same || bytes !== sizeBytes)
      throw new PathRefused(
        'FileChanged',
        file.path,
        'to stay as it was while it is added, but it changed',
      )
  }

  #buffer(index: number): Uint8Array {
    return this.#buffers[index]!.subarray(LEAF_FRAME_BYTES_MAX).subarray(0, this.#chunkBytes)
  }

  async *#readAhead(file: OpenFile, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    let position = 0
    let reading = readChunk(file, this.#buffer(0), position)
    try {
      for (let i = 1; ; i++) {
        const chunk = await reading
        signal?.throwIfAborted()
        position += chunk.length
        const isLast = chunk.length < this.#chunkBytes
        if (!isLast) reading = readChunk(file, this.#buffer(i % 2), position)
        if (chunk.length > 0) yield chunk
        if (isLast) return
      }
    } finally {
      // A consumer may leave while a chunk is being read into our buffer.
      await reading.catch(() => {})
    }
  }
}

/** Reads into all of `buffer`, or to the file's end. */
function readWhole(file: OpenFile, buffer: Uint8Array): Uint8Array {
  let filled = 0
  try {
    while (filled < buffer.length) {
      const count = readSync(file.fd, buffer, filled, buffer.length - filled, filled)
      if (count === 0) break
      filled += count
    }
  } catch (error) {
    throw unreadable(file.path, error)
  }
  return buffer.subarray(0, filled)
}

async function readChunk(file: OpenFile, buffer: Uint8Array, from: number): Promise<Uint8Array> {
  let filled = 0
  try {
    while (filled < buffer.length) {
      const length = buffer.length - filled
      const { bytesRead } = await readAsync(file.fd, buffer, filled, length, from + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
  } catch (error) {
    throw unreadable(file.path, error)
  }
  return buffer.subarray(0, filled)
}
