/**
 * Frames of a journal file (docs/reference/journal-files.md, "Frame").
 * @module
 */
import { crc32 } from 'node:zlib'
import { ENTRY_BYTES_MAX } from '../entry.ts'

const HEADER_BYTES = 16
const LENGTH_BYTES = 2
const FRAME_BYTES_MAX = 1 << 20
const SAME_GROUP = 0x8000
const UINT32 = 2 ** 32

/** How far a file's frames go. */
export interface Frames {
  /** Bytes of the whole frames at its start. */
  readonly bytes: number
  /** Number of the entry after them. */
  readonly nextEntry: number
  /** What is behind them: zeros, the rest of one frame that a crash cut, or anything else. */
  readonly rest: 'zeros' | 'torn' | 'corrupt'
}

/**
 * Goes over the frames of `file`, whose first entry has the number `first`; `onEntry` hears of each
 * entry, with its number and where it begins.
 */
export function readFrames(
  file: Uint8Array,
  first: number,
  onEntry: (bytes: Uint8Array, number: number, at: number) => void,
): Frames {
  let bytes = 0
  let nextEntry = first
  for (;;) {
    const frame = frameAt(file, bytes)
    if (frame === undefined || frame.first !== nextEntry % UINT32) break
    const entries = entriesOf(file, bytes + HEADER_BYTES, frame.end)
    if (entries?.length !== frame.count) break
    for (const [from, to] of entries) onEntry(file.subarray(from, to), nextEntry++, from)
    bytes = frame.end
  }
  return { bytes, nextEntry, rest: restOf(file, bytes) }
}

/** What a frame's header says. */
interface Head {
  readonly count: number
  /** Low 32 bits of its first entry's number. */
  readonly first: number
  /** Offset behind the frame. */
  readonly end: number
}

function headAt(file: Uint8Array, at: number): Head | undefined {
  if (at + HEADER_BYTES > file.length) return undefined
  const view = new DataView(file.buffer, file.byteOffset + at, HEADER_BYTES)
  const count = view.getUint16(2)
  const length = view.getUint32(4)
  if (count === 0 || length > FRAME_BYTES_MAX - HEADER_BYTES) return undefined
  if (crc32(file.subarray(at + 2, at + 12)) >>> 16 !== view.getUint16(0)) return undefined
  return { count, first: view.getUint32(8), end: at + HEADER_BYTES + length }
}

function frameAt(file: Uint8Array, at: number): Head | undefined {
  const head = headAt(file, at)
  if (head === undefined || head.end > file.length) return undefined
  const start = crc32(file.subarray(at, at + 12))
  const sum = crc32(file.subarray(at + HEADER_BYTES, head.end), start)
  return sum === new DataView(file.buffer, file.byteOffset + at).getUint32(12) ? head : undefined
}

/** From where to where entries lie; undefined where their lengths don't fill the payload. */
function entriesOf(file: Uint8Array, start: number, end: number): [number, number][] | undefined {
  const entries: [number, number][] = []
  for (let at = start; at < end;) {
    const head = file[at]! * 256 + (file[at + 1] ?? 0)
    const length = head % SAME_GROUP
    const from = at + LENGTH_BYTES
    at = from + length
    if (length === 0 || length > ENTRY_BYTES_MAX || at > end) return undefined
    if (head >= SAME_GROUP && entries.length === 0) return undefined
    entries.push([from, at])
  }
  return entries
}

/**
 * A frame is written only when the one before it is durable, into zeros: a crash leaves the rest of
 * one, and nothing behind it.
 */
function restOf(file: Uint8Array, start: number): Frames['rest'] {
  let last = file.length - 1
  while (last >= start && file[last] === 0) last--
  if (last < start) return 'zeros'
  if (last - start >= FRAME_BYTES_MAX || frameAt(file, start) !== undefined) return 'corrupt'
  const head = headAt(file, start)
  if (head !== undefined) return last >= head.end ? 'corrupt' : 'torn'
  for (let at = start + 1; at <= last; at++) if (frameAt(file, at) !== undefined) return 'corrupt'
  return 'torn'
}
