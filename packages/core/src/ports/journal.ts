/**
 * Port of the journal: the durable record that every read leaves (design: "The log").
 * @module
 */
import type { Awaitable } from '../result.ts'
import type { ReadEntry } from '../log/entry.ts'

/**
 * Takes entries of finished reads. Entries are durable within a few milliseconds of `end`; the
 * answer never waits for that. What was admitted is recorded, or the process stops.
 */
export interface Journal {
  /**
   * Reserves room for one read's entries before anything is answered. Undefined when there is
   * none: the request is refused with 503, counted by a metric only.
   */
  admit(): OpenRead | undefined
}

/** A read that was admitted. `end` is called exactly once. */
export interface OpenRead {
  /**
   * Says that a body is about to start, with the entry as it would be if the process died now
   * (`bytes` 0). On Workers the promise resolves when the START record is durable; on Node it is
   * synchronous and costs nothing until the first mark.
   */
  start(read: ReadEntry): Awaitable<void>
  /**
   * Progress: `bytes` of the body were delivered so far. `nowMs` is wall clock. Cheap to call after
   * each chunk: it writes only every 8 MiB or 10 s.
   */
  mark(bytes: number, nowMs: number): void
  /** The read's end: its encoded entries (READ, then FETCH or EXEC), one group, in order. */
  end(entries: readonly Uint8Array[]): void
}
