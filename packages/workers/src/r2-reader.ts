/**
 * The `BlobReader` port on R2.
 * @module
 */
import { R2_TIMEOUT_MS } from '@turnpike/core/limits/workers'
import {
  OriginFault,
  type BlobReader,
  type BlobRef,
  type BlobSite,
  type BlobStream,
} from '@turnpike/core/ports/blob'
import { rangeLength, type ByteRange } from '@turnpike/core/range'
import { fail, ok, type Result, type Unit } from '@turnpike/core/result'
import { blobKey } from './keys.ts'
import type { Bucket, BucketObject, FillingReader } from './platform.ts'

/** What the reader is made of. */
export interface R2ReaderOptions {
  readonly bucket: Bucket
  /**
   * Keeps the request alive that reads, for as long as it does. Reads are shared: without this,
   * they would stop for all when the client leaves that opened them, with no error for anybody.
   */
  readonly keepAlive: (work: Promise<unknown>) => void
  readonly timeoutMs?: number
}

/**
 * Reads blobs of the deployment's bucket: `local:` by the blob's multihash, `r2:<key>` by key. One
 * get a range; its body is filled into whole buffers, because workerd's default readers hand out
 * 4 KiB at a time (20 MB/s where this does 1 GB/s).
 *
 * @example
 * const reader = r2Reader({ bucket: env.CONTENT, keepAlive: waitUntil })
 */
export function r2Reader(options: R2ReaderOptions): BlobReader {
  return {
    serves: (url) => url === 'local:' || url.startsWith('r2:'),
    open: (blob, site, range, signal) => openRange(options, blob, site, range, signal),
  }
}

async function openRange(
  { bucket, keepAlive, timeoutMs = R2_TIMEOUT_MS }: R2ReaderOptions,
  blob: BlobRef,
  site: BlobSite,
  range: ByteRange,
  signal: AbortSignal,
): Promise<Result<BlobStream, OriginFault>> {
  const key = keyAt(blob, site)
  if (key === undefined) return fail(fault('OriginMissing', 'a blob with a multihash, got none'))
  if (signal.aborted) return fail(fault('OriginUnavailable', 'it until read: aborted'))
  const { promise: over, resolve: close } = Promise.withResolvers<void>()
  keepAlive(over)
  const getting = bucket.get(key, { range: { offset: range.first, length: rangeLength(range) } })
  const got = await new Limits(signal, timeoutMs).guard(getting)
  const stream = got.error ? got : bodyOf(got.ok.value, range)
  if (stream.error) {
    // A body that comes late must not wait for a reader.
    void getting.then((object) => object?.body?.cancel()).catch(() => {})
    close()
    return stream
  }
  return ok(new R2Stream(stream.ok, rangeLength(range), { signal, timeoutMs, close }))
}

function keyAt(blob: BlobRef, site: BlobSite): string | undefined {
  if (site.url.startsWith('r2:')) return site.url.slice('r2:'.length)
  return blob.multihash && blobKey(blob.multihash)
}

function bodyOf(object: BucketObject | null, range: ByteRange): Result<FillingReader, OriginFault> {
  if (object?.body === undefined) return fail(fault('OriginMissing', 'the object, got none'))
  if (range.last < object.size)
    return ok(object.body.getReader({ mode: 'byob' }) as unknown as FillingReader)
  const expected = `an object of more than ${range.last} bytes, got ${object.size}`
  return fail(fault('OriginLied', expected))
}

function fault(name: OriginFault['name'], expected: string, cause?: unknown): OriginFault {
  return new OriginFault(name, '', `bucket expected to hold ${expected}`, cause)
}

/** Runs one step of a read within its time, for as long as somebody wants it. */
class Limits {
  readonly #signal: AbortSignal
  readonly #timeoutMs: number

  constructor(signal: AbortSignal, timeoutMs: number) {
    this.#signal = signal
    this.#timeoutMs = timeoutMs
  }

  async guard<T>(work: Promise<T>): Promise<Result<{ readonly value: T }, OriginFault>> {
    const { promise: stop, resolve } = Promise.withResolvers<{ readonly error: OriginFault }>()
    const onAbort = (): void => resolve(fail(fault('OriginUnavailable', 'it until read: aborted')))
    const onTimeout = (): void =>
      resolve(fail(fault('OriginTimeout', `it within ${this.#timeoutMs} ms`)))
    if (this.#signal.aborted) onAbort()
    this.#signal.addEventListener('abort', onAbort)
    const timer = setTimeout(onTimeout, this.#timeoutMs)
    try {
      return await Promise.race([stop, work.then((value) => ok({ value }))])
    } catch (error) {
      return fail(fault(statusOf(error), 'it, got an error', error))
    } finally {
      clearTimeout(timer)
      this.#signal.removeEventListener('abort', onAbort)
    }
  }
}

/** R2 tells a range behind the end by an error; its message has the code 10039. */
function statusOf(error: unknown): OriginFault['name'] {
  const lied = error instanceof Error && /range|10039/i.test(error.message)
  return lied ? 'OriginLied' : 'OriginUnavailable'
}

/** A range under way. */
class R2Stream implements BlobStream {
  readonly #reader: FillingReader
  readonly #limits: Limits
  readonly #abort = new AbortController()
  readonly #close: () => void
  #leftBytes: number

  constructor(
    reader: FillingReader,
    lengthBytes: number,
    options: { signal: AbortSignal; timeoutMs: number; close: () => void },
  ) {
    this.#reader = reader
    this.#leftBytes = lengthBytes
    const signal = AbortSignal.any([options.signal, this.#abort.signal])
    this.#limits = new Limits(signal, options.timeoutMs)
    this.#close = options.close
  }

  async fill(target: Uint8Array): Promise<Result<Unit, OriginFault>> {
    const { length } = target
    if (length > this.#leftBytes)
      return this.#end(fault('OriginLied', `${length} bytes more, got ${this.#leftBytes}`))
    if (length === 0) return ok({})
    // The view is detached by the read, and `target` belongs to a pool: so bytes are copied once.
    const read = await this.#limits.guard(this.#reader.readAtLeast(length, new Uint8Array(length)))
    if (read.error) return this.#end(read.error)
    const bytes = read.ok.value.value
    if (bytes?.length !== length)
      return this.#end(fault('OriginLied', `${length} bytes, got ${bytes?.length ?? 0}`))
    target.set(bytes)
    this.#leftBytes -= length
    if (this.#leftBytes === 0) this.#close()
    return ok({})
  }

  close(): void {
    this.#abort.abort()
    if (this.#leftBytes > 0) void this.#reader.cancel().catch(() => {})
    this.#leftBytes = 0
    this.#close()
  }

  #end(error: OriginFault): Result<Unit, OriginFault> {
    this.close()
    return fail(error)
  }
}
