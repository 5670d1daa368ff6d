/**
 * Batches of storage nodes on their way from the front door to accounting.
 * @module
 */
import type { NewBatch, Payouts } from '@turnpike/core/ports/payouts'
import { BatchesFull } from '@turnpike/core/ports/payouts'
import { fail, ok } from '@turnpike/core/result'
import type { AccountingParts } from '../accounting/parts.ts'
import type { Operation } from '../control/server.ts'
import { InvalidParams } from '../owner/params.ts'
import { SqliteQueue } from '../queue/queue.ts'
import type { AskThread } from '../threads/calls.ts'
import { SqlitePayouts } from './store.ts'

/**
 * `egressTrack`: puts a batch down, which the front door has judged. For the folder's owner: no
 * command may say what nodes delivered.
 */
export function egressTrackOperation({
  billing,
  clock,
}: Pick<AccountingParts, 'billing' | 'clock'>): Operation {
  const payouts = new SqlitePayouts({ billing, queue: new SqliteQueue(billing, clock), clock })
  return async (params) => {
    const batch = params as NewBatch | null
    if (!(batch?.task instanceof Uint8Array)) return fail(new InvalidParams('a batch expected'))
    return payouts.track(batch)
  }
}

/** Tracking by a thread that asks accounting. */
export function askingPayouts(ask: AskThread): Pick<Payouts, 'track'> {
  return {
    async track(batch) {
      const tracked = await ask('egressTrack', batch)
      if (tracked.error === undefined) return ok(tracked.ok as { readonly task: Uint8Array })
      if (tracked.error.name === 'BatchesFull') return fail(new BatchesFull(tracked.error.message))
      throw tracked.error
    },
  }
}
