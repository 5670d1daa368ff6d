/**
 * Finds the epochs of a log by way of its SEALs.
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
 * const epoch = await new SealChain().epochOf(reader, index)
 */
export class SealChain {
  /** Sealed epochs by their end. */
  readonly #sealed = new Map<number, EpochRange>()

  /**
   * Epoch of the entry at `index`.
   *
   * @throws {LogCorrupt} when a SEAL is missing or altered
   */
  async epochOf(reader: LogReader, index: number): Promise<number> {
    const { open, size } = reader.state
    if (index < 0 || index >= size)
      throw new RangeError(`"index" expected 0 to ${size - 1}, got ${index}`)
    if (open !== null && index >= open.first) return open.epoch
    for await (const range of this.#back(reader)) if (index >= range.first) return range.epoch
    const path = bundlePath(Math.floor(index / TILE_WIDTH))
    throw new LogCorrupt(path, `entry ${index % TILE_WIDTH}`, 'expected a SEAL after it, got none')
  }

  /**
   * Sealed epochs that end after `first`, oldest first.
   *
   * @throws {LogCorrupt} when a SEAL is missing or altered
   */
  async sealedFrom(reader: LogReader, first: number): Promise<EpochRange[]> {
    const ranges: EpochRange[] = []
    for await (const range of this.#back(reader)) {
      if (range.end <= first) break
      ranges.push(range)
    }
    return ranges.toReversed()
  }

  async *#back(reader: LogReader): AsyncGenerator<EpochRange> {
    for (let end = reader.state.sealed?.end ?? 0; end > 0;) {
      const range = this.#sealed.get(end) ?? (await reader.sealedEpoch(end))
      this.#sealed.set(end, range)
      yield range
      end = range.first
    }
  }
}
