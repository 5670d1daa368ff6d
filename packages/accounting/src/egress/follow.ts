/**
 * Follows the log, and queues what another service is to hear of it.
 * @module
 */
import { EGRESS_FOLLOWED_MAX, EGRESS_SUMMED_MAX } from '@turnpike/core/limits/queue'
import type { QueuedMessage } from '@turnpike/core/ports/queue'
import type { Clock } from '@turnpike/core/ports/runtime'
import type { LogReader } from '../reader.ts'
import { decodeLogged } from '../reader.ts'
import { encodeOutgoing, type IndexedEntry } from './outgoing.ts'
import { outgoingRecords, type OutgoingRules } from './outgoing.ts'

/** Topic of the records. */
export const EGRESS_TOPIC = 'egress'

/** How far the log was followed, and what came of it: changed in one transaction. */
export interface EgressPosition {
  /** Index of the first entry that was not looked at. */
  entry(): number
  /**
   * Queues messages and moves on, both or neither, if the position still is `first`.
   *
   * @returns false when the queue has no room, or somebody else moved on
   */
  advance(first: number, end: number, messages: readonly QueuedMessage[]): boolean
}

/** What following takes. */
export interface FollowDeps extends OutgoingRules {
  readonly position: EgressPosition
  readonly clock: Pick<Clock, 'nowMs'>
}

/**
 * Queues records of all entries that are in the log and were not looked at. It stops where the
 * queue is full: the log keeps what is to be said. Of the minute that is not over yet nothing is
 * told when minutes are told together.
 *
 * @example
 * await followEgress(new LogReader(store, hasher, state), deps, signal)
 */
export async function followEgress(
  reader: LogReader,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<void> {
  const { position } = deps
  let first = position.entry()
  const untilMs = deps.mode === 'minute' ? minuteOf(deps.clock.nowMs()) : Infinity
  const entriesMax = deps.mode === 'minute' ? EGRESS_SUMMED_MAX : EGRESS_FOLLOWED_MAX
  let entries: IndexedEntry[] = []
  const flush = (end: number): boolean => {
    const isMoved = end === first || position.advance(first, end, messagesOf(entries, deps))
    first = end
    entries = []
    return isMoved
  }
  for await (const run of reader.runs(first, reader.state.size)) {
    for (const [i, bytes] of run.entries.entries()) {
      const index = run.first + i
      const logged = decodeLogged(index, bytes)
      // By a clock that was ahead, a read may end in hours: it is not waited for.
      if (logged.kind === 'read' && isWithin(logged.entry.ts, untilMs)) return void flush(index)
      entries.push({ index, logged })
    }
    const end = run.first + run.entries.length
    if (end - first >= entriesMax && (signal.aborted || !flush(end))) return
  }
  flush(reader.state.size)
}

const MINUTE_MS = 60_000

function minuteOf(ms: number): number {
  return Math.floor(ms / MINUTE_MS) * MINUTE_MS
}

function isWithin(ts: number, minuteStartMs: number): boolean {
  return ts >= minuteStartMs && ts < minuteStartMs + 2 * MINUTE_MS
}

function messagesOf(entries: readonly IndexedEntry[], rules: OutgoingRules): QueuedMessage[] {
  return outgoingRecords(entries, rules).map((record) => {
    return { topic: EGRESS_TOPIC, key: record.nonce, body: encodeOutgoing(record) }
  })
}
