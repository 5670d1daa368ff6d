/**
 * What a host says of its journals: who counts them, and whose it counts.
 * @module
 */
import { fail, ok } from '@turnpike/core/result'
import type { HandTo } from '../config/handover.ts'
import type { Settings } from '../config/settings.ts'
import type { Operation } from '../control/server.ts'

/** A group of reads that the other host will never take, kept in `handed.sqlite`. */
export interface RefusalAnswer {
  readonly journal: string
  /** Number of its first entry in that journal. */
  readonly entry: number
  readonly reason: string
  readonly refusedAt: string
}

/** What the operation `handoverRetry` answers: groups by what became of them. */
export type { Resent } from '@turnpike/accounting/handover/resend'

/** What the operation `handover` answers. */
export interface HandoverAnswer {
  /** Who counts what is read here; null for this host itself. */
  readonly to: HandTo | null
  /** DIDs of the hosts whose reads are counted here. */
  readonly from: readonly string[]
  /** For how long reads have waited here since the other host was last reached; 0 while it is. */
  readonly lagMs: number
  /** Groups of reads that were refused. */
  readonly refused: number
  /** The first of them. */
  readonly refusals: readonly RefusalAnswer[]
}

/** This host counts its own reads: none of them were refused elsewhere. */
export class NothingHandedOn extends Error {
  override readonly name = 'NothingHandedOn'
}

/**
 * The operations `handover` and `handoverRetry` of a host that counts its own reads, and perhaps
 * those of others.
 *
 * @example
 * const operations = { ...handoverOperations(settings) }
 */
export function handoverOperations({
  handFrom,
}: Pick<Settings, 'handFrom'>): Readonly<Record<'handover' | 'handoverRetry', Operation>> {
  const nothing = { to: null, lagMs: 0, refused: 0, refusals: [] }
  return {
    handover: async () => ok({ ...nothing, from: handFrom } satisfies HandoverAnswer),
    handoverRetry: async () => fail(new NothingHandedOn('reads of this host are counted here')),
  }
}
