/**
 * A new file that is written past the page cache where platform and file system allow it.
 *
 * What add writes is rarely read soon, and must not push out of memory what is being served. It is
 * faster, too: 1.1 to 2.4 GB/s where new pages of the cache took 345 MB/s, and 11 s of system time
 * for 4 GiB became 2 (measured in a virtual machine; docs/decisions/direct-writes.md).
 * @module
 */
import { DIRECT_BLOCK_BYTES } from '@turnpike/core/limits/store'
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'

/** What opens files: `open` of `node:fs/promises`, or what a test has in its place. */
export type Opener = (path: string, flags: number, mode?: number) => Promise<FileHandle>

/** Linux only: elsewhere the flag is absent, or promises something else. */
const DIRECT = process.platform === 'linux' ? constants.O_DIRECT : undefined
const NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL

/**
 * Written in batches that begin at whole blocks. Direct writes want memory, position and length in
 * whole blocks: a last batch is padded, and the file is cut to size at its end. A file system that
 * refuses them, when the file is made or at any write, gets buffered ones.
 */
export class DirectFile {
  readonly #path: string
  readonly #open: Opener
  readonly #direct: FileHandle | undefined
  #buffered: Promise<FileHandle> | undefined
  #sizeBytes = 0

  private constructor(path: string, opener: Opener, direct: FileHandle | undefined) {
    this.#path = path
    this.#open = opener
    this.#direct = direct
  }

  /**
   * Makes a file at `path`, where none may be.
   *
   * @example
   * const file = await DirectFile.create('/data/blobs/temps/x.tmp')
   * await file.write(new Uint8Array(alignedBuffer(65_536)), 5, 0)
   * await file.finish()
   */
  static async create(path: string, opener: Opener = open): Promise<DirectFile> {
    if (DIRECT !== undefined)
      try {
        return new DirectFile(path, opener, await opener(path, NEW | DIRECT, 0o644))
      } catch (error) {
        if (!isRefusal(error)) throw error
      }
    // Linux makes the file before it finds that the file system can't do it (seen on ramfs).
    const flags = DIRECT === undefined ? NEW : NEW & ~constants.O_EXCL
    const file = new DirectFile(path, opener, undefined)
    file.#buffered = opener(path, flags, 0o644)
    await file.#buffered
    return file
  }

  /** Whether all writes so far went past the page cache. */
  get isDirect(): boolean {
    return this.#buffered === undefined
  }

  /**
   * Writes the first `length` bytes of `batch` at `position`, a multiple of
   * `DIRECT_BLOCK_BYTES`. What follows them in the last block of `batch` is overwritten with zeros.
   */
  async write(batch: Uint8Array, length: number, position: number): Promise<void> {
    this.#sizeBytes = Math.max(this.#sizeBytes, position + length)
    if (this.#buffered === undefined) {
      const padded = Math.ceil(length / DIRECT_BLOCK_BYTES) * DIRECT_BLOCK_BYTES
      batch.fill(0, length, padded)
      try {
        return await writeWhole(this.#direct!, batch.subarray(0, padded), position)
      } catch (error) {
        if (!isRefusal(error)) throw error
      }
    }
    this.#buffered ??= this.#open(this.#path, constants.O_WRONLY)
    await writeWhole(await this.#buffered, batch.subarray(0, length), position)
  }

  /** Cuts padding off, syncs and closes. No write may be under way. */
  async finish(): Promise<void> {
    const handle = (await this.#buffered) ?? this.#direct!
    if (this.#sizeBytes % DIRECT_BLOCK_BYTES > 0) await handle.truncate(this.#sizeBytes)
    await handle.sync()
    await this.close()
  }

  /** Closes the file, synced or not. No write may be under way. Idempotent. */
  async close(): Promise<void> {
    await this.#direct?.close()
    await this.#buffered?.then(
      (handle) => handle.close(),
      () => {},
    )
  }
}

/** Whether an operation failed since it was direct. */
function isRefusal(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'EINVAL' || code === 'EOPNOTSUPP'
}

async function writeWhole(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position + at)
    at += bytesWritten
  }
}
