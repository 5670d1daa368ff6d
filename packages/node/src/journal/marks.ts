/**
 * Progress marks: the file beside a journal file that says how far open reads had come.
 *
 * A table with one slot for each open read: two marks, written in turn so that one is always
 * whole, and the READ entry as it was at the start. A slot ends before a page does.
 * @module
 */
import { crc32 } from 'node:zlib'
import { decodeEntry } from '@turnpike/core/log/decode'
import { ENTRY_ID_BYTES, encodeRead } from '@turnpike/core/log/encode'
import { READ_FLAGS } from '@turnpike/core/log/entry'
import type { ReadEntry } from '@turnpike/core/log/entry'
import { ENTRY_BYTES_MAX } from '@turnpike/core/limits/log'

/** Bytes of one read's slot. */
export const SLOT_BYTES = 2048
/** Bytes of one mark: u64 bytes, u64 ms, u32 turn, u32 CRC-32. */
export const MARK_RECORD_BYTES = 24
/** Where the READ stands in a slot: u16 length, u32 CRC-32, entry. */
const DRAFT_OFFSET = 2 * MARK_RECORD_BYTES
const DRAFT_HEADER_BYTES = 6

/** How far a read had come. */
export interface Mark {
  readonly bytes: number
  /** Wall-clock ms. */
  readonly ms: number
}

/** A read's last mark, as found after a crash. */
export interface MarkedRead {
  readonly read: ReadEntry
  readonly mark: Mark
}

/**
 * A whole slot: the first mark of `read`, and the read itself.
 *
 * @throws {RangeError} when the read does not encode to 1,024 bytes or less
 */
export function slotRecord(read: ReadEntry, mark: Mark): Uint8Array {
  const draft = encodeRead(read)
  const slot = new Uint8Array(DRAFT_OFFSET + DRAFT_HEADER_BYTES + draft.length)
  const view = new DataView(slot.buffer)
  slot.set(markRecord(read.id, mark, 0), markOffset(0))
  view.setUint16(DRAFT_OFFSET, draft.length)
  view.setUint32(DRAFT_OFFSET + 2, crc32(draft))
  slot.set(draft, DRAFT_OFFSET + DRAFT_HEADER_BYTES)
  return slot
}

/**
 * A mark alone, the `turn`th that is written of its read. Its sum covers the read's id: a mark of
 * the slot's former read is none of this one's.
 */
export function markRecord(id: Uint8Array, mark: Mark, turn: number): Uint8Array {
  const record = new Uint8Array(MARK_RECORD_BYTES)
  const view = new DataView(record.buffer)
  view.setBigUint64(0, BigInt(mark.bytes))
  view.setBigUint64(8, BigInt(mark.ms))
  view.setUint32(16, turn)
  view.setUint32(20, crc32(record.subarray(0, 20), crc32(id)))
  return record
}

/** Where the `turn`th mark stands in its slot. */
export function markOffset(turn: number): number {
  return (turn % 2) * MARK_RECORD_BYTES
}

/**
 * Reads that a table of marks speaks of, each with its last mark. A slot that is not whole says
 * nothing.
 *
 * @example
 * const lost = markedReads(table).map(({ read, mark }) => recoveredRead(read, mark))
 */
export function markedReads(table: Uint8Array): readonly MarkedRead[] {
  const found: MarkedRead[] = []
  for (let at = 0; at + SLOT_BYTES <= table.length; at += SLOT_BYTES) {
    const slot = table.subarray(at, at + SLOT_BYTES)
    const read = draftOf(slot)
    if (read === undefined) continue
    const marks = [markAt(slot, 0, read.id), markAt(slot, MARK_RECORD_BYTES, read.id)]
    const whole = marks.filter((each) => each !== undefined)
    const mark = whole.sort((a, b) => b.turn - a.turn)[0]?.mark
    if (mark !== undefined) found.push({ read, mark })
  }
  return found
}

/** The READ that stands for a read which a crash cut: what its last mark proves, flag 256. */
export function recoveredRead(read: ReadEntry, mark: Mark): ReadEntry {
  const flags = read.flags | READ_FLAGS.recovered
  return { ...read, ts: mark.ms, bytes: BigInt(mark.bytes), flags }
}

function draftOf(slot: Uint8Array): ReadEntry | undefined {
  const view = new DataView(slot.buffer, slot.byteOffset, slot.byteLength)
  const length = view.getUint16(DRAFT_OFFSET)
  if (length < ENTRY_ID_BYTES || length > ENTRY_BYTES_MAX) return undefined
  const start = DRAFT_OFFSET + DRAFT_HEADER_BYTES
  const draft = slot.subarray(start, start + length)
  if (crc32(draft) !== view.getUint32(DRAFT_OFFSET + 2)) return undefined
  const decoded = decodeEntry(draft).ok
  return decoded?.kind === 'read' ? decoded.entry : undefined
}

function markAt(
  slot: Uint8Array,
  offset: number,
  id: Uint8Array,
): { readonly mark: Mark; readonly turn: number } | undefined {
  const view = new DataView(slot.buffer, slot.byteOffset + offset, MARK_RECORD_BYTES)
  const sum = crc32(slot.subarray(offset, offset + 20), crc32(id))
  if (sum !== view.getUint32(20)) return undefined
  const mark = { bytes: Number(view.getBigUint64(0)), ms: Number(view.getBigUint64(8)) }
  return { mark, turn: view.getUint32(16) }
}
