/**
 * From which hour on anything may still change, whatever a clock says that was set back.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { ClosedBooks } from '../statements/closed.ts'
import { StripeOutbox } from '../stripe/outbox.ts'

/**
 * First hour that no closed month has, and that was not put down for Stripe; 0 while there is none
 * of either. What entered an earlier one would never be billed.
 *
 * @example
 * const floorMs = () => openEpoch(billing) * EPOCH_MS
 */
export function openEpoch(billing: DatabaseSync): number {
  const closed = new ClosedBooks(billing).openEpoch()
  return Math.max(closed, new StripeOutbox(billing).watermark() ?? 0)
}
