/**
 * How far the log was followed by who tells another service of reads, beside the queue.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { EGRESS_TOPIC, type EgressPosition } from '@turnpike/accounting/egress/follow'
import type { Queue, QueuedMessage, QueueKeeper } from '@turnpike/core/ports/queue'
import { transact } from '../catalog/database.ts'

/** Its part of the schema of `billing.sqlite`. */
export const EGRESS_SCHEMA = `
  CREATE TABLE egress_position (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    audience TEXT NOT NULL,
    entry INTEGER NOT NULL
  ) STRICT
`

/** What the position takes. */
export interface PositionOptions {
  readonly billing: DatabaseSync
  /** A queue in `billing`. */
  readonly queue: Pick<Queue, 'put'>
  /** Of the same queue. */
  readonly keeper: Pick<QueueKeeper, 'buryAll'>
  /** DID of the service. */
  readonly audience: string
}

/**
 * The position in `billing`. Another service than before hears only of what comes after `size`:
 * what the one before was still to hear it may have heard, so that waits for an operator's word.
 *
 * @param size entries in the log now
 * @example
 * const position = openPosition({ billing, queue, keeper, audience }, state.size)
 */
export function openPosition(
  { billing, queue, keeper, audience }: PositionOptions,
  size: number,
): EgressPosition {
  transact(billing, () => {
    const before = billing.prepare('SELECT audience FROM egress_position').get()?.['audience']
    if (before === audience) return
    if (before !== undefined) keeper.buryAll(EGRESS_TOPIC, `it was for ${String(before)}`)
    billing.prepare('INSERT OR REPLACE INTO egress_position VALUES (1, ?, ?)').run(audience, size)
  })
  const move = billing.prepare('UPDATE egress_position SET entry = ? WHERE entry = ?')
  const advance = (first: number, end: number, messages: readonly QueuedMessage[]): boolean => {
    if (Number(move.run(end, first).changes) === 0) return false
    const put = queue.put(messages)
    if (put instanceof Promise) throw new TypeError('"queue" expected in the same database')
    if (put.error !== undefined) move.run(first, end)
    return put.error === undefined
  }
  return {
    entry: () => entryIn(billing)!,
    advance: (first, end, messages) => transact(billing, () => advance(first, end, messages)),
  }
}

/** Index of the first entry that was not looked at; undefined where nobody ever followed. */
export function entryIn(billing: DatabaseSync): number | undefined {
  const row = billing.prepare('SELECT entry FROM egress_position').get()
  return row === undefined ? undefined : Number(row['entry'])
}
