/**
 * Finds the epoch that an entry lies in, by way of the SEALs.
 * @module
 */
import { bundlePath, TILE_WIDTH } from '@turnpike/core/merkle/tile'
import { LogCorrupt } from './errors.ts'
import type { EpochRange, LogReader } from './reader.ts'

/**
 * Walks from SEAL to SEAL, newest first, and remembers each step: a few dozen bytes for each hour
 * of the log that was walked over.
 *
 * @example
 * const epoch = await new EpochFinder().epochOf(reader, index)
 */
export class EpochFinder {
  /** Sealed epochs by their end. */
  readonly #sealed = new Map<number, EpochRange>()

  /**
   * Epoch of the entry at `index`.
   *
   * @throws {LogCorrupt} when a SEAL is missing or altered
   */
  async epochOf(reader: LogReader, index: number): Promise<number> {
    const { open, sealed, size } = reader.state
    if (index < 0 || index >= size)
      throw new RangeError(`"index" expected 0 to ${size - 1}, got ${index}`)
    if (open !== null && index >= open.first) return open.epoch
    for (let end = sealed?.end ?? 0; end > index;) {
      const range = this.#sealed.get(end) ?? (await reader.sealedEpoch(end))
      this.#sealed.set(end, range)
      if (index >= range.first) return range.epoch
      end = range.first
    }
    const path = bundlePath(Math.floor(index / TILE_WIDTH))
    throw new LogCorrupt(path, `entry ${index % TILE_WIDTH}`, 'expected a SEAL after it, got none')
  }
}
