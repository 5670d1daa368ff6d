/**
 * Sidecars: digests of a blob's chunks, so that any range is verified without hashing the whole.
 *
 * Layout, integers little-endian:
 *
 * ```
 *  0  8  magic and version: 'tpksum' 0x00 0x01
 *  8  8  size of the blob in bytes
 * 16  4  number of chunks, n
 * 20  4  zero
 * 24 32  sha2-256 digest of the blob
 * 56 36n chunks in order, which cover the blob whole: length (4 bytes), sha2-256 digest (32)
 *    32  sha2-256 digest of all the bytes before
 * ```
 *
 * Where chunks end is their writer's choice. The digests are trusted because the writer of the
 * blob made them from the bytes that it hashed; the last digest guards against decay, not malice.
 * @module
 */
import { bytesEqual } from './bytes.ts'
import { SIDECAR_CHUNK_BYTES_MAX, SIDECAR_CHUNKS_MAX } from './limits.ts'
import type { Hasher } from './ports/runtime.ts'
import type { ByteRange } from './range.ts'
import { fail, ok, type Result } from './result.ts'

const MAGIC = new Uint8Array([0x74, 0x70, 0x6b, 0x73, 0x75, 0x6d, 0x00, 0x01])
const HEADER_BYTES = 56
const ENTRY_BYTES = 36
const DIGEST_BYTES = 32

/** Largest sidecar file that is valid, in bytes: what a reader may have to hold. */
export const SIDECAR_BYTES_MAX: number =
  HEADER_BYTES + SIDECAR_CHUNKS_MAX * ENTRY_BYTES + DIGEST_BYTES

/** One chunk of a blob as its sidecar knows it. */
export interface SidecarChunk {
  /** Where it starts in the blob. */
  readonly offset: number
  readonly length: number
  /** sha2-256 of its bytes: a view, treat as read-only. */
  readonly digest: Uint8Array
}

/** The file is no sidecar, is damaged, or breaks a bound. */
export class SidecarMalformed extends Error {
  override readonly name = 'SidecarMalformed'
}

/** A decoded sidecar. Holds the file's bytes and 8 bytes a chunk beside them. */
export class Sidecar {
  /** sha2-256 digest of the blob. */
  readonly digest: Uint8Array
  readonly sizeBytes: number
  /** Number of chunks. */
  readonly count: number
  readonly #entries: Uint8Array
  /** Where each chunk starts, and the blob's size behind the last. */
  readonly #offsets: Float64Array

  /** Use {@link decodeSidecar}. */
  constructor(digest: Uint8Array, entries: Uint8Array, offsets: Float64Array) {
    this.digest = digest
    this.count = offsets.length - 1
    this.sizeBytes = offsets[this.count]!
    this.#entries = entries
    this.#offsets = offsets
  }

  /**
   * Chunk number `index`.
   *
   * @throws {RangeError} when there is none
   */
  chunk(index: number): SidecarChunk {
    if (!Number.isInteger(index) || index < 0 || index >= this.count)
      throw new RangeError(`"index" expected 0 to ${this.count - 1}, got ${index}`)
    const offset = this.#offsets[index]!
    const digestAt = index * ENTRY_BYTES + 4
    return {
      offset,
      length: this.#offsets[index + 1]! - offset,
      digest: this.#entries.subarray(digestAt, digestAt + DIGEST_BYTES),
    }
  }

  /**
   * Numbers of the chunks that hold `range`, first and last inclusive; undefined when the blob
   * does not hold all of it.
   *
   * @example
   * const covering = sidecar.chunksCovering({ first: 0, last: 99 }) // { first: 0, last: 0 }
   */
  chunksCovering(range: ByteRange): ByteRange | undefined {
    if (range.first < 0 || range.last < range.first || range.last >= this.sizeBytes)
      return undefined
    return { first: this.#indexAt(range.first), last: this.#indexAt(range.last) }
  }

  /** Number of the chunk that holds the byte at `offset`, which is in the blob. */
  #indexAt(offset: number): number {
    let low = 0
    let high = this.count - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#offsets[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return low
  }
}

/**
 * Encodes the sidecar of a blob whose sha2-256 digest is `digest`.
 *
 * @throws {RangeError} when a chunk or their number breaks its bound
 * @example
 * const file = encodeSidecar(digest, [{ length: 5, digest }], hasher)
 */
export function encodeSidecar(
  digest: Uint8Array,
  chunks: readonly { readonly length: number; readonly digest: Uint8Array }[],
  hasher: Hasher,
): Uint8Array {
  if (chunks.length > SIDECAR_CHUNKS_MAX)
    throw new RangeError(`"chunks" expected <= ${SIDECAR_CHUNKS_MAX}, got ${chunks.length}`)
  const bytes = new Uint8Array(HEADER_BYTES + chunks.length * ENTRY_BYTES + DIGEST_BYTES)
  const view = new DataView(bytes.buffer)
  let sizeBytes = 0
  let at = HEADER_BYTES
  for (const chunk of chunks) {
    if (chunk.length < 1 || chunk.length > SIDECAR_CHUNK_BYTES_MAX)
      throw new RangeError(
        `"length" of a chunk expected 1 to ${SIDECAR_CHUNK_BYTES_MAX}, got ${chunk.length}`,
      )
    view.setUint32(at, chunk.length, true)
    bytes.set(chunk.digest, at + 4)
    sizeBytes += chunk.length
    at += ENTRY_BYTES
  }
  bytes.set(MAGIC, 0)
  view.setBigUint64(8, BigInt(sizeBytes), true)
  view.setUint32(16, chunks.length, true)
  bytes.set(digest, 24)
  bytes.set(hasher.sha256(bytes.subarray(0, at)), at)
  return bytes
}

/**
 * Decodes a sidecar. The result holds on to `bytes`.
 *
 * @example
 * const sidecar = decodeSidecar(file, hasher)
 */
export function decodeSidecar(
  bytes: Uint8Array,
  hasher: Hasher,
): Result<Sidecar, SidecarMalformed> {
  const bad = (what: string) => fail(new SidecarMalformed(what))
  if (bytes.length < HEADER_BYTES + DIGEST_BYTES)
    return bad(`sidecar expected >= ${HEADER_BYTES + DIGEST_BYTES} bytes, got ${bytes.length}`)
  if (!bytesEqual(bytes.subarray(0, MAGIC.length), MAGIC))
    return bad('sidecar expected to start with "tpksum", version 1')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const count = view.getUint32(16, true)
  const end = HEADER_BYTES + count * ENTRY_BYTES
  if (count > SIDECAR_CHUNKS_MAX || bytes.length !== end + DIGEST_BYTES)
    return bad(
      `sidecar of ${count} chunks expected ${end + DIGEST_BYTES} bytes, got ${bytes.length}`,
    )
  if (!bytesEqual(hasher.sha256(bytes.subarray(0, end)), bytes.subarray(end)))
    return bad('sidecar does not match its own checksum')
  const offsets = new Float64Array(count + 1)
  for (let i = 0; i < count; i++) {
    const length = view.getUint32(HEADER_BYTES + i * ENTRY_BYTES, true)
    if (length < 1 || length > SIDECAR_CHUNK_BYTES_MAX)
      return bad(`chunk ${i} expected 1 to ${SIDECAR_CHUNK_BYTES_MAX} bytes, got ${length}`)
    offsets[i + 1] = offsets[i]! + length
  }
  const sizeBytes = view.getBigUint64(8, true)
  if (BigInt(offsets[count]!) !== sizeBytes)
    return bad(`chunks expected to sum to ${sizeBytes} bytes, got ${offsets[count]}`)
  return ok(
    new Sidecar(bytes.subarray(24, 24 + DIGEST_BYTES), bytes.subarray(HEADER_BYTES, end), offsets),
  )
}
