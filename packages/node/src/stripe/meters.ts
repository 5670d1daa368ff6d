/**
 * Meters that usage is sent to: which quantity each has, in whole numbers.
 * @module
 */
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import type { Quantities } from '@turnpike/core/billing/quantities'

/** A meter, by its event name at Stripe. */
export interface MeterKind {
  readonly eventName: string
  /** What an hour is worth. */
  valueOf(used: Pick<Quantities, 'egressBytes' | 'storageByteMs'>): bigint
}

/**
 * Meters that an operator sets up at Stripe, both with the aggregation `sum`. Storage is in bytes
 * times hours, rounded down each hour: byte-milliseconds of a month pass what Stripe takes.
 */
export const METERS: readonly MeterKind[] = [
  { eventName: 'turnpike_egress_bytes', valueOf: ({ egressBytes }) => egressBytes },
  {
    eventName: 'turnpike_storage_byte_hours',
    valueOf: ({ storageByteMs }) => storageByteMs / BigInt(EPOCH_MS),
  },
]
