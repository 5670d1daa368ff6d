/**
 * Frames: what one group commit of a journal writes. Layout: docs/reference/journal-files.md.
 *
 * A frame is a header (u16 check, u16 count, u32 length, u32 first, u32 CRC-32) and a payload of
 * (u16 length, entry)*, all big-endian. The top bit of an entry's length says that it goes on with
 * the group of the entry before it.
 * @module
 */
import { ENTRY_BYTES_MAX, FRAME_BYTES_MAX, FRAME_ENTRIES_MAX } from '../limits/log.ts'

/** Bytes of a frame's header. */
export const FRAME_HEADER_BYTES = 16
/** Bytes before each entry of a payload. */
export const ENTRY_HEADER_BYTES = 2

const SAME_GROUP = 0x8000
const LENGTH_MASK = 0x7fff

/** CRC-32 of zlib (reflected 0xEDB88320), continued from `seed`: `node:zlib` has it everywhere. */
export type Crc32 = (bytes: Uint8Array, seed?: number) => number

/** A valid frame, its payload not yet taken apart. */
export interface Frame {
  /** Low 32 bits of the number of its first entry. */
  readonly first: number
  /** Number of entries. */
  readonly count: number
  readonly payload: Uint8Array
  /** Offset just after the frame. */
  readonly next: number
}

/** Entries of one frame as they were appended, views of the frame. */
export type Groups = readonly (readonly Uint8Array[])[]

/**
 * Bytes that `group` takes in a payload.
 *
 * @example
 * groupBytes([new Uint8Array(230)]) // 232
 */
export function groupBytes(group: readonly Uint8Array[]): number {
  let bytes = 0
  for (const entry of group) bytes += ENTRY_HEADER_BYTES + entry.length
  return bytes
}

/**
 * Gathers groups into one frame. It owns its buffer, which is used again after `reset`.
 *
 * @example
 * const builder = new FrameBuilder(new Uint8Array(FRAME_BYTES_MAX))
 * builder.append([read, fetch])
 * await write(builder.seal(0, crc32))
 */
export class FrameBuilder {
  readonly #buffer: Uint8Array
  readonly #view: DataView
  #length = FRAME_HEADER_BYTES
  #count = 0

  constructor(buffer: Uint8Array) {
    if (buffer.length > FRAME_BYTES_MAX)
      throw new RangeError(`"buffer" expected <= ${FRAME_BYTES_MAX} bytes, got ${buffer.length}`)
    this.#buffer = buffer
    this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
  }

  /** Entries gathered so far. */
  get count(): number {
    return this.#count
  }

  /** Bytes of the frame so far, header included. */
  get length(): number {
    return this.#length
  }

  /** Whether a group of `entries` entries and `bytes` bytes (see `groupBytes`) still fits. */
  fits(entries: number, bytes: number): boolean {
    return this.#length + bytes <= this.#buffer.length && this.#count + entries <= FRAME_ENTRIES_MAX
  }

  /**
   * Adds a group.
   *
   * @throws {RangeError} when it is empty or does not fit, or an entry is none by its size
   */
  append(group: readonly Uint8Array[]): void {
    const bytes = groupBytes(group)
    if (group.length === 0 || !this.fits(group.length, bytes))
      throw new RangeError(
        `frame of ${this.#length} bytes expected a group that fits, got ${bytes} bytes`,
      )
    let at = this.#length
    for (let i = 0; i < group.length; i++) {
      const entry = group[i]!
      if (entry.length === 0 || entry.length > ENTRY_BYTES_MAX)
        throw new RangeError(`entry expected 1..${ENTRY_BYTES_MAX} bytes, got ${entry.length}`)
      this.#view.setUint16(at, i === 0 ? entry.length : SAME_GROUP | entry.length)
      this.#buffer.set(entry, at + ENTRY_HEADER_BYTES)
      at += ENTRY_HEADER_BYTES + entry.length
    }
    this.#length = at
    this.#count += group.length
  }

  /** Completes the frame, whose first entry has the number `first`; a view, valid until `reset`. */
  seal(first: number, crc32: Crc32): Uint8Array {
    const view = this.#view
    view.setUint16(2, this.#count)
    view.setUint32(4, this.#length - FRAME_HEADER_BYTES)
    view.setUint32(8, first % 0x1_0000_0000)
    view.setUint16(0, headerCheck(this.#buffer, 0, crc32))
    const frame = this.#buffer.subarray(0, this.#length)
    view.setUint32(12, frameCrc(frame, crc32))
    return frame
  }

  /** Empties the builder. */
  reset(): void {
    this.#length = FRAME_HEADER_BYTES
    this.#count = 0
  }
}

/**
 * The frame at `offset`, or undefined when there is none that is whole.
 *
 * @example
 * const frame = frameAt(file, 0, crc32)
 */
export function frameAt(bytes: Uint8Array, offset: number, crc32: Crc32): Frame | undefined {
  const header = frameHeaderAt(bytes, offset, crc32)
  if (header === undefined || header.next > bytes.length) return undefined
  const frame = bytes.subarray(offset, header.next)
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  if (frameCrc(frame, crc32) !== view.getUint32(12)) return undefined
  return { ...header, payload: frame.subarray(FRAME_HEADER_BYTES) }
}

/**
 * What the header at `offset` says, or undefined when it is not whole. It has a check of its own,
 * so that a changed length is not followed into the frames after it.
 */
export function frameHeaderAt(
  bytes: Uint8Array,
  offset: number,
  crc32: Crc32,
): Omit<Frame, 'payload'> | undefined {
  if (offset + FRAME_HEADER_BYTES > bytes.length) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, FRAME_HEADER_BYTES)
  const count = view.getUint16(2)
  const length = view.getUint32(4)
  // These bounds alone turn nearly all other bytes away, which keeps a search for frames fast.
  if (count === 0 || length > FRAME_BYTES_MAX - FRAME_HEADER_BYTES) return undefined
  if (length < count * (ENTRY_HEADER_BYTES + 1)) return undefined
  if (headerCheck(bytes, offset, crc32) !== view.getUint16(0)) return undefined
  return { first: view.getUint32(8), count, next: offset + FRAME_HEADER_BYTES + length }
}

/**
 * Groups of a frame, or undefined when its payload is no sequence of `count` entries.
 *
 * @example
 * for (const group of frameGroups(frame) ?? []) total += group.length
 */
export function frameGroups(frame: Pick<Frame, 'payload' | 'count'>): Groups | undefined {
  const { payload } = frame
  const groups: Uint8Array[][] = []
  let count = 0
  for (let at = 0; at < payload.length; count++) {
    if (at + ENTRY_HEADER_BYTES > payload.length) return undefined
    const head = (payload[at]! << 8) | payload[at + 1]!
    const length = head & LENGTH_MASK
    const start = at + ENTRY_HEADER_BYTES
    at = start + length
    if (length === 0 || length > ENTRY_BYTES_MAX || at > payload.length) return undefined
    const entry = payload.subarray(start, at)
    const group = groups.at(-1)
    if ((head & SAME_GROUP) === 0) groups.push([entry])
    else if (group === undefined) return undefined
    else group.push(entry)
  }
  return count === frame.count ? groups : undefined
}

function headerCheck(bytes: Uint8Array, offset: number, crc32: Crc32): number {
  return crc32(bytes.subarray(offset + 2, offset + 12)) >>> 16
}

/** Over all of the frame but the place where the sum itself stands. */
function frameCrc(frame: Uint8Array, crc32: Crc32): number {
  return crc32(frame.subarray(FRAME_HEADER_BYTES), crc32(frame.subarray(0, 12)))
}
