/**
 * The `JournalSource` port on a journal object: what a sequencer reads a shard by.
 * @module
 */
import { frameAt, frameGroups } from '@turnpike/core/log/frame'
import type { JournalBatch, JournalSource } from '@turnpike/core/ports/log'
import { crc32 } from './crc32.ts'
import type { PulledFrames } from './journal-object.ts'

/** The part of a journal object that its reader calls. */
export interface PullStub {
  pull(fromEntry: number, bytesMax: number): Promise<PulledFrames>
  release(beforeEntry: number): Promise<void>
}

/** The shard does not hold the entry that its reader is at, or a frame of it is damaged. */
export class ShardBehind extends Error {
  override readonly name = 'ShardBehind'
}

/**
 * A shard as its reader sees it.
 *
 * @throws {ShardBehind} from `read`, for a position that the shard does not hold
 * @example
 * const source = shardSource('j:eu:0', () => env.JOURNAL.get(env.JOURNAL.idFromName('j:eu:0')))
 */
export function shardSource(name: string, stub: () => PullStub): JournalSource {
  return {
    name,
    read: async (fromEntry, bytesMax) =>
      batchOf(name, fromEntry, await stub().pull(fromEntry, bytesMax)),
    release: (beforeEntry) => stub().release(beforeEntry),
  }
}

function batchOf(name: string, fromEntry: number, pulled: PulledFrames): JournalBatch {
  const { firstEntry, nextEntry } = pulled
  if (fromEntry < firstEntry || fromEntry > nextEntry)
    throw new ShardBehind(
      `journal ${name} expected to hold entry ${fromEntry}, has ${firstEntry} to ${nextEntry}: ` +
        'open a successor log',
    )
  const groups: (readonly Uint8Array[])[] = []
  let at = fromEntry
  for (const { first, bytes } of pulled.frames) {
    const frame = frameAt(bytes, 0, crc32)
    const inFrame = frame && frameGroups(frame)
    if (inFrame === undefined)
      throw new ShardBehind(`journal ${name} expected a whole frame at entry ${first}`)
    let entry = first
    for (const group of inFrame) {
      if (entry >= at) groups.push(group)
      else if (entry + group.length > at)
        throw new RangeError(`"fromEntry" expected the start of a group, got ${fromEntry}`)
      entry += group.length
    }
    at = entry
  }
  return { groups, nextEntry: at }
}
