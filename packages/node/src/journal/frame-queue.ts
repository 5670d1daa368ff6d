/**
 * Entries that wait for their write: one frame that fills, and full ones behind it.
 * @module
 */
import { FrameBuilder, groupBytes } from '@turnpike/core/log/frame'

/** Frames whose memory is kept for the next ones: one that fills while another is written. */
const KEPT_MAX = 2

/**
 * Queue of frames of at most `frameBytes`. Its length is bounded by admission: what is reserved
 * and queued never exceeds the room in the files.
 */
export class FrameQueue {
  readonly #frameBytes: number
  readonly #full: FrameBuilder[] = []
  readonly #kept: FrameBuilder[] = []
  #filling: FrameBuilder
  #fullBytes = 0

  constructor(frameBytes: number) {
    this.#frameBytes = frameBytes
    this.#filling = new FrameBuilder(new Uint8Array(frameBytes))
  }

  /** Bytes of all frames, their headers included. */
  get bytes(): number {
    return this.#fullBytes + (this.#filling.count === 0 ? 0 : this.#filling.length)
  }

  /** Whether a frame is full, and so need not wait for more. */
  get hasFull(): boolean {
    return this.#full.length > 0
  }

  get isEmpty(): boolean {
    return this.#full.length === 0 && this.#filling.count === 0
  }

  /** Adds a group behind the others. */
  append(group: readonly Uint8Array[]): void {
    if (!this.#filling.fits(group.length, groupBytes(group))) {
      this.#full.push(this.#filling)
      this.#fullBytes += this.#filling.length
      this.#filling = this.#kept.pop() ?? new FrameBuilder(new Uint8Array(this.#frameBytes))
    }
    this.#filling.append(group)
  }

  /** Takes the oldest frame, full or not; undefined when there is nothing. */
  shift(): FrameBuilder | undefined {
    const full = this.#full.shift()
    if (full !== undefined) {
      this.#fullBytes -= full.length
      return full
    }
    if (this.#filling.count === 0) return undefined
    const frame = this.#filling
    this.#filling = this.#kept.pop() ?? new FrameBuilder(new Uint8Array(this.#frameBytes))
    return frame
  }

  /** Gives a written frame's memory back. */
  recycle(frame: FrameBuilder): void {
    frame.reset()
    if (this.#kept.length < KEPT_MAX) this.#kept.push(frame)
  }
}
