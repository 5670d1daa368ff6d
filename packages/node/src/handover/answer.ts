/**
 * What a host says of its journals: who counts them, and whose it counts.
 * @module
 */
import { ok } from '@turnpike/core/result'
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

/**
 * The operation `handover` of a host that counts its own reads, and perhaps those of others.
 *
 * @example
 * const operations = { handover: handoverOperation(settings) }
 */
export function handoverOperation({ handFrom }: Pick<Settings, 'handFrom'>): Operation {
  const nothing = { to: null, lagMs: 0, refused: 0, refusals: [] }
  return async () => ok({ ...nothing, from: handFrom } satisfies HandoverAnswer)
}
