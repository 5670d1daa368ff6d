/**
 * Bodies read from blobs and verified chunk by chunk against their sidecars.
 * @module
 */
import type { BodyReader, BodySource } from '@turnpike/core/body'
import { bytesEqual, keyOf, type BytesKey } from '@turnpike/core/bytes'
import { CHUNK_BYTES_MAX } from '@turnpike/core/limits'
import { SIDECAR_CACHE_BYTES_MAX } from '@turnpike/core/limits/store'
import { OriginFault, type BlobStream } from '@turnpike/core/ports/blob'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { rangeLength, type ByteRange } from '@turnpike/core/range'
import { fail, ok, type Awaitable, type Result } from '@turnpike/core/result'
import { decodeSidecar, SIDECAR_BYTES_MAX, type Sidecar } from '@turnpike/core/sidecar'
import { open as openFile } from 'node:fs/promises'
import { readFault } from './files.ts'
import type { BlobPaths } from './paths.ts'

/** Sidecars by multihash; the most recently used stay decoded, within a bound of bytes. */
export class Sidecars {
  readonly #hasher: Hasher
  readonly #bytesMax: number
  readonly #kept = new Map<BytesKey, { sidecar: Sidecar; bytes: number }>()
  #bytes = 0

  constructor(hasher: Hasher, bytesMax: number = SIDECAR_CACHE_BYTES_MAX) {
    this.#hasher = hasher
    this.#bytesMax = bytesMax
  }

  /** The sidecar of a blob. A missing, damaged or foreign one is the store's fault. */
  async get(multihash: Uint8Array, paths: BlobPaths): Promise<Result<Sidecar, OriginFault>> {
    const key = keyOf(multihash)
    const kept = this.#kept.get(key)
    if (kept !== undefined) {
      this.#kept.delete(key)
      this.#kept.set(key, kept)
      return ok(kept.sidecar)
    }
    let bytes: Uint8Array
    try {
      bytes = await readBounded(paths.sidecar, SIDECAR_BYTES_MAX)
    } catch (error) {
      return fail(readFault(error))
    }
    const decoded = decodeSidecar(bytes, this.#hasher)
    if (decoded.error) return fail(damaged(decoded.error.message))
    if (!bytesEqual(decoded.ok.digest, multihash.subarray(2)))
      return fail(damaged('sidecar belongs to another blob'))
    this.#keep(key, decoded.ok, bytes.length)
    return decoded
  }

  /** Keeps the sidecar no longer. */
  forget(multihash: Uint8Array): void {
    this.#drop(keyOf(multihash))
  }

  #keep(key: BytesKey, sidecar: Sidecar, bytes: number): void {
    if (bytes > this.#bytesMax) return
    this.#drop(key)
    this.#kept.set(key, { sidecar, bytes })
    this.#bytes += bytes
    while (this.#bytes > this.#bytesMax) this.#drop(this.#kept.keys().next().value!)
  }

  #drop(key: BytesKey): void {
    this.#bytes -= this.#kept.get(key)?.bytes ?? 0
    this.#kept.delete(key)
  }
}

function damaged(what: string): OriginFault {
  return new OriginFault('OriginLied', '', `the local store is damaged: ${what}`)
}

async function readBounded(path: string, bytesMax: number): Promise<Uint8Array> {
  const handle = await openFile(path, 'r')
  try {
    const { size } = await handle.stat()
    if (size > bytesMax)
      throw new RangeError(`"${path}" expected <= ${bytesMax} bytes, got ${size}`)
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

/** Opens a range of the blob whose sidecar is at hand. */
export type OpenRange = (
  range: ByteRange,
  signal: AbortSignal,
) => Awaitable<Result<BlobStream, OriginFault>>

/** Bytes of `range`, which the chunks `covering` hold; each is verified before its first byte. */
export function verifiedBody(
  sidecar: Sidecar,
  covering: ByteRange,
  range: ByteRange,
  open: OpenRange,
  hasher: Hasher,
): BodySource {
  return {
    length: rangeLength(range),
    open: (signal) => verifiedReader(sidecar, covering, range, open, hasher, signal),
  }
}

function verifiedReader(
  sidecar: Sidecar,
  covering: ByteRange,
  range: ByteRange,
  open: OpenRange,
  hasher: Hasher,
  signal: AbortSignal,
): BodyReader {
  let stream: BlobStream | undefined
  let closed = false
  let next = covering.first
  let buffer = new Uint8Array()
  /** Verified bytes of the current chunk that were not handed out yet. */
  let rest = buffer
  const close = (): void => {
    closed = true
    stream?.close()
  }
  const openStream = async (): Promise<BlobStream> => {
    const end = sidecar.chunk(covering.last)
    const whole = {
      first: sidecar.chunk(covering.first).offset,
      last: end.offset + end.length - 1,
    }
    const opened = await open(whole, signal)
    if (opened.error) throw opened.error
    if (closed) opened.ok.close()
    return opened.ok
  }
  const nextChunk = async (): Promise<void> => {
    stream ??= await openStream()
    const { offset, length, digest } = sidecar.chunk(next++)
    if (buffer.length < length) buffer = new Uint8Array(length)
    const chunk = buffer.subarray(0, length)
    const filled = await stream.fill(chunk)
    if (filled.error) throw filled.error
    if (!bytesEqual(hasher.sha256(chunk), digest))
      throw damaged(`bytes ${offset} to ${offset + length - 1} do not match their digest`)
    rest = chunk.subarray(Math.max(0, range.first - offset), range.last + 1 - offset)
  }
  return {
    async read() {
      if (rest.length === 0) {
        if (next > covering.last) {
          close()
          return null
        }
        await nextChunk()
      }
      const chunk = rest.subarray(0, CHUNK_BYTES_MAX)
      rest = rest.subarray(chunk.length)
      return chunk
    },
    close,
  }
}
