/**
 * Keeps the index of domains where the log is.
 * @module
 */
import { bytesEqual } from '@turnpike/core/bytes'
import { DOMAINS_FOLLOWED_MAX } from '@turnpike/core/limits/read-receipts'
import { HASH_BYTES } from '@turnpike/core/log/encode'
import { leafHash } from '@turnpike/core/merkle/hash'
import { TILE_WIDTH, fullTiles } from '@turnpike/core/merkle/tile'
import type { DomainIndex, DomainStanding } from '@turnpike/core/ports/domain-index'
import { decodeLogged, type LogReader } from '../reader.ts'
import { readKept } from '../retention/kept.ts'
import { readTile } from '../right-edge.ts'
import { DomainSums } from './domain-sums.ts'

/**
 * Adds what the log has and the index has not, some entries in one step. An index of another log,
 * or of one that was restored since, begins again, with what the log keeps.
 *
 * @param signal ends it between two steps
 * @throws {LogCorrupt} when a file of the log is missing or altered
 * @example
 * await followDomains(new LogReader(store, hasher, state), index, signal)
 */
export async function followDomains(
  reader: LogReader,
  index: DomainIndex,
  signal: AbortSignal,
): Promise<void> {
  const standing = await index.standing()
  const isOurs = await isOf(reader, standing)
  if (!isOurs) await index.clear()
  // Entries that are not kept any more were counted, unless the index is made anew.
  const { from } = await readKept(reader.store, reader.hasher)
  const begin = Math.max(isOurs ? standing.through : 0, from)
  let sums = new DomainSums(begin)
  let last: Uint8Array | undefined
  const flush = async (): Promise<void> => {
    if (last === undefined || sums.count === 0) return
    await index.add(sums.batch(leafHash(reader.hasher, last)))
    sums = new DomainSums(sums.end)
  }
  for (const { epoch, first, end } of await reader.epochs(begin))
    for await (const run of reader.runs(Math.max(first, begin), end)) {
      for (const bytes of run.entries) sums.add(epoch, decodeLogged(sums.end, bytes))
      last = run.entries.at(-1)
      if (sums.count < DOMAINS_FOLLOWED_MAX) continue
      await flush()
      if (signal.aborted) return
    }
  await flush()
}

/** Whether the newest entry that the index has is this log's. */
async function isOf({ state, store }: LogReader, standing: DomainStanding): Promise<boolean> {
  const { through, tip } = standing
  if (tip === undefined) return true
  if (through > state.size) return false
  const tile = Math.floor((through - 1) / TILE_WIDTH)
  const isFull = tile < fullTiles(state.size, 0)
  const hashes = isFull ? await readTile(store, 0, tile) : state.tiles[0]!
  const offset = ((through - 1) % TILE_WIDTH) * HASH_BYTES
  return bytesEqual(hashes.subarray(offset, offset + HASH_BYTES), tip)
}
