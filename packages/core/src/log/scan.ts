/**
 * Reads a journal file front to back and tells a torn tail from corruption.
 * @module
 */
import { FRAME_BYTES_MAX } from '../limits/log.ts'
import { frameAt, frameGroups, frameHeaderAt } from './frame.ts'
import type { Crc32, Groups } from './frame.ts'

/** What a journal file holds. */
export interface FrameScan {
  /** Bytes of the whole frames at its start. */
  readonly bytes: number
  /** Number of the entry after them. */
  readonly nextEntry: number
  /**
   * What comes after the frames: nothing but zeros; the rest of one frame whose write was cut
   * short; or, after a damaged frame, bytes that were written later.
   */
  readonly end: 'clean' | 'torn' | 'corrupt'
}

/**
 * Scans `file`, whose first entry has the number `firstEntry`, and hands each frame's groups to
 * `onFrame` in order.
 *
 * A frame is written only after the one before it is durable, into a file of zeros. So at most one
 * frame may be damaged by a crash, and nothing whole and no other bytes can follow it.
 *
 * @example
 * const { nextEntry, end } = scanFrames(file, 0, crc32, (groups) => all.push(...groups))
 */
export function scanFrames(
  file: Uint8Array,
  firstEntry: number,
  crc32: Crc32,
  onFrame: (groups: Groups) => void = () => {},
): FrameScan {
  let offset = 0
  let nextEntry = firstEntry
  for (;;) {
    const frame = frameAt(file, offset, crc32)
    if (frame === undefined || frame.first !== nextEntry % 0x1_0000_0000) break
    const groups = frameGroups(frame)
    if (groups === undefined) break
    onFrame(groups)
    offset = frame.next
    nextEntry += frame.count
  }
  return { bytes: offset, nextEntry, end: endAfter(file, offset, crc32) }
}

function endAfter(file: Uint8Array, offset: number, crc32: Crc32): FrameScan['end'] {
  let last = file.length - 1
  while (last >= offset && file[last] === 0) last--
  if (last < offset) return 'clean'
  if (last - offset >= FRAME_BYTES_MAX) return 'corrupt'
  // Whole but not the one expected here: nothing that a crash leaves.
  if (frameAt(file, offset, crc32) !== undefined) return 'corrupt'
  const header = frameHeaderAt(file, offset, crc32)
  // With its header whole, the damaged frame's own end is known: what stands there came later. Not
  // looking inside it keeps a client from putting a frame into a CID to make a tail look corrupt.
  if (header !== undefined) return last >= header.next ? 'corrupt' : 'torn'
  for (let at = offset + 1; at <= last; at++) {
    if (frameAt(file, at, crc32) !== undefined) return 'corrupt'
  }
  return 'torn'
}
