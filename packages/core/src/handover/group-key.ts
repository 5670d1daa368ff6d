/**
 * Under which key a group of another host's journal is counted once.
 * @module
 */
import { concatBytes } from '../bytes.ts'
import type { LogEntry } from '../log/entry.ts'
import type { Hasher } from '../ports/runtime.ts'

/** Bytes of a time at the head of a key. */
const TIME_BYTES = 8
/** Bytes of a hash in a key. */
const HASH_BYTES = 16

const utf8 = new TextEncoder()

/**
 * The key of a group by its first entry.
 *
 * A READ's is the time at which it started and its `id`. Both are fixed when the request comes and
 * stand in the journal's progress marks, so that every record of one read has them: the one of its
 * end, and the one of a recovery from an older copy, whatever `ts` and `bytes` those say. The time
 * comes first because reads that are handed on together started together: their keys lie beside
 * each other, where random ones would each touch a page of the table of those seen.
 *
 * A FETCH that outlived its READ comes once for each provider: its key is made of both.
 *
 * @example
 * const key = groupKey({ kind: 'read', entry: read }, hasher) // 24 bytes
 */
export function groupKey(first: LogEntry, hasher: Hasher): Uint8Array | undefined {
  if (first.kind === 'read') return timedKey(first.entry.started, first.entry.id)
  if (first.kind !== 'fetch') return undefined
  const { id, provider } = first.entry
  return timedKey(0, hasher.sha256(concatBytes([id, utf8.encode(provider)])).slice(0, HASH_BYTES))
}

/**
 * A key that begins with a time, in ms.
 *
 * @example
 * timedKey(read.started, read.id)
 */
export function timedKey(timeMs: number, rest: Uint8Array): Uint8Array {
  const key = new Uint8Array(TIME_BYTES + rest.length)
  new DataView(key.buffer).setBigUint64(0, BigInt(timeMs))
  key.set(rest, TIME_BYTES)
  return key
}
