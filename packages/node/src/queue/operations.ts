/**
 * What commands ask of the queue.
 * @module
 */
import { fail, ok } from '@turnpike/core/result'
import type { QueueCount, QueueRow, QueueSelection } from '@turnpike/core/ports/queue'
import type { AccountingParts } from '../accounting/parts.ts'
import type { Operation } from '../control/server.ts'
import { InvalidParams } from '../owner/params.ts'
import { SqliteQueueKeeper } from './keeper.ts'

/** Names of the operations. */
export type QueueOperation = 'queueLs' | 'queueRedrive'

/** A message in JSON: times in ISO 8601, null where there is none. */
export interface QueueMessageShown {
  readonly id: number
  readonly topic: string
  readonly key: string
  readonly sizeBytes: number
  readonly attempts: number
  readonly put: string
  readonly notBefore: string | null
  readonly dead: string | null
  readonly reason: string
}

/** What `queueLs` answers. */
export interface QueueShown {
  readonly topics: readonly QueueCount[]
  /** Oldest first, at most `QUEUE_LISTED_MAX`. */
  readonly messages: readonly QueueMessageShown[]
}

/** `queueLs {topic?, dead?}` and `queueRedrive {topic?, id?}`. */
export function queueOperations({
  billing,
  clock,
}: Pick<AccountingParts, 'billing' | 'clock'>): Readonly<Record<QueueOperation, Operation>> {
  const keeper = new SqliteQueueKeeper(billing, clock)
  return {
    async queueLs(params) {
      const selection = selectionOf(params)
      if (selection === undefined) return fail(new InvalidParams(EXPECTED))
      const isDead = (params as { readonly dead?: unknown }).dead === true
      const topics = keeper.counts()
      const shown: QueueShown = {
        topics,
        messages: keeper.list({ ...selection, isDead }).map(shownRow),
      }
      return ok(shown)
    },
    async queueRedrive(params) {
      const selection = selectionOf(params)
      if (selection === undefined) return fail(new InvalidParams(EXPECTED))
      return ok({ redriven: keeper.redrive(selection) })
    },
  }
}

const EXPECTED = '"topic" expected a text and "id" a number, each if at all'

function selectionOf(params: unknown): QueueSelection | undefined {
  const { topic, id } = (params ?? {}) as Readonly<Record<string, unknown>>
  const isTopic = topic === undefined || typeof topic === 'string'
  const isId = id === undefined || Number.isSafeInteger(id)
  return isTopic && isId ? ({ topic, id } as QueueSelection) : undefined
}

function shownRow({ putMs, notBeforeMs, deadMs, ...row }: QueueRow): QueueMessageShown {
  return { ...row, put: isoOf(putMs)!, notBefore: isoOf(notBeforeMs), dead: isoOf(deadMs) }
}

function isoOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}
