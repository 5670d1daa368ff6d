/**
 * One read that a journal admitted.
 * @module
 */
import type { ReadEntry } from '@turnpike/core/log/entry'
import { MARK_BYTES, MARK_MS } from '@turnpike/core/limits/log'
import type { OpenRead } from '@turnpike/core/ports/journal'
import type { HeldMark, MarkWriter } from './mark-writer.ts'

/** What a read asks of its journal. */
export interface ReadHost {
  readonly marks: MarkWriter
  /** Takes the read's group, and its marks if it has some. */
  end(group: readonly Uint8Array[], held: HeldMark | undefined): void
}

/** An `OpenRead` on files: nothing is written before the first mark. */
export class JournalRead implements OpenRead {
  readonly #host: ReadHost
  #draft: ReadEntry | undefined
  #held: HeldMark | undefined
  #bytes = 0
  #ms = 0
  #ended = false

  constructor(host: ReadHost) {
    this.#host = host
  }

  start(read: ReadEntry): void {
    this.#draft = read
    this.#ms = read.ts
  }

  /** @throws {TypeError} before `start` */
  mark(bytes: number, nowMs: number): void {
    // The clock may step back: then the time since the last mark is unknown, and one is due.
    const isDue = bytes - this.#bytes >= MARK_BYTES || Math.abs(nowMs - this.#ms) >= MARK_MS
    if (!isDue || bytes <= this.#bytes || this.#ended) return
    if (this.#draft === undefined) throw new TypeError('"mark" expected a started read')
    this.#bytes = bytes
    this.#ms = nowMs
    const { marks } = this.#host
    if (this.#held !== undefined) marks.advance(this.#held, bytes, nowMs)
    else this.#held = marks.hold(this.#draft, { bytes, ms: nowMs })
  }

  /**
   * An empty group gives the room back without an entry: for a read that turned out to be none.
   *
   * @throws {TypeError} when called twice, or without an entry for a read with marks
   */
  end(entries: readonly Uint8Array[]): void {
    if (this.#ended) throw new TypeError('"end" expected to be called once, got a second call')
    if (entries.length === 0 && this.#held !== undefined)
      throw new TypeError('"entries" expected the entry of a read with marks, got none')
    this.#ended = true
    this.#host.end(entries, this.#held)
  }
}
