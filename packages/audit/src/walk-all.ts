/**
 * Walks a whole log, giving way to others now and then.
 * @module
 */
import { setImmediate as turn } from 'node:timers/promises'
import { LogBroken } from './bundles.ts'
import type { LogWalk } from './log-walk.ts'
import { TILE_WIDTH } from './tree.ts'

/** How to audit. */
export interface AuditOptions {
  /** Ends the audit: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Hears how many entries of how many are checked, now and then. */
  readonly onProgress?: ((entries: number, total: number) => void) | undefined
}

/**
 * Walks a log of `size` entries; false when it can't be read to its end.
 *
 * @throws {EntriesWent} when retention took entries away meanwhile
 */
export async function walkAll(
  walk: LogWalk,
  size: number,
  { signal, onProgress }: AuditOptions,
): Promise<boolean> {
  try {
    for (let next = 0; next < size; next += TILE_WIDTH) {
      walk.bundle(next / TILE_WIDTH)
      onProgress?.(Math.min(size, next + TILE_WIDTH), size)
      // So that a signal, and whoever shows the progress, come to their turn.
      await turn()
      signal?.throwIfAborted()
    }
    walk.end()
    return true
  } catch (error) {
    if (error instanceof LogBroken) return false
    throw error
  }
}
