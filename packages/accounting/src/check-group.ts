/**
 * What may come into the log from outside: checked group by group, before anything is written, so
 * that the sequencer never stands still over what others sent.
 * @module
 */
import { decodeEntry } from '@turnpike/core/log/decode'
import type { LogEntry } from '@turnpike/core/log/entry'
import { groupBytes } from '@turnpike/core/log/frame'
import { bytesEqual } from '@turnpike/core/bytes'
import { JOURNAL_GROUP_BYTES_MAX } from '@turnpike/core/limits/log'
import { ACK_SOURCE, VOID_SOURCE } from '@turnpike/core/ports/inbox'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'

/** Most bytes that one entry may say: what one response's counter holds. */
const BYTES_MAX = BigInt(Number.MAX_SAFE_INTEGER)

/** Most reads or requests that one entry may stand for: a few months' sums stay below 2^53. */
const COUNT_MAX = 2 ** 32 - 1

/** A group, or one entry of it, can be no part of a log. */
export class GroupRefused extends Error {
  override readonly name = 'GroupRefused'
}

/**
 * Decodes an entry that is on its way to the sequencer. That a VOID names an entry of the log is
 * for the caller to see.
 *
 * @example
 * const { ok: logged, error } = checkEntry(bytes)
 */
export function checkEntry(bytes: Uint8Array): Result<LogEntry, GroupRefused> {
  const { ok: logged, error } = decodeEntry(bytes)
  if (logged === undefined) return refuse(error.message)
  if (logged.kind === 'seal') return refuse('expected no SEAL: only the sequencer writes those')
  if ((logged.kind === 'read' || logged.kind === 'fetch') && logged.entry.bytes > BYTES_MAX)
    return refuse('expected <= 2^53 - 1 bytes, got more')
  const count = countOf(logged)
  if (count > COUNT_MAX) return refuse(`expected to stand for <= ${COUNT_MAX}, got ${count}`)
  return ok(logged)
}

function countOf(logged: LogEntry): number {
  if (logged.kind === 'read') return logged.entry.count
  return logged.kind === 'fetch' ? Math.max(logged.entry.requests, logged.entry.failed) : 0
}

/**
 * Decodes a group that `source` hands to the inbox. It is a READ, with FETCH and EXEC entries of
 * that READ; or a FETCH that outlived its READ; or, from {@link VOID_SOURCE} and nobody else, a
 * VOID; or, from {@link ACK_SOURCE} and nobody else, an ACK: both name an index, which says nothing
 * outside of the log that it was made for.
 *
 * @example
 * const { ok: logged, error } = checkGroup('did:key:z6Mk…', [read, fetch])
 */
export function checkGroup(
  source: string,
  entries: readonly Uint8Array[],
): Result<readonly LogEntry[], GroupRefused> {
  const bytes = groupBytes(entries)
  if (bytes > JOURNAL_GROUP_BYTES_MAX)
    return refuse(`group expected <= ${JOURNAL_GROUP_BYTES_MAX} bytes, got ${bytes}`)
  const group: LogEntry[] = []
  for (const entry of entries) {
    const { ok: logged, error } = checkEntry(entry)
    if (logged === undefined) return fail(error)
    group.push(logged)
  }
  const [first, ...rest] = group
  if (first === undefined) return refuse('group expected an entry, got none')
  const kind = OWN_KINDS.get(source) ?? (first.kind === 'fetch' ? 'fetch' : 'read')
  if (first.kind !== kind)
    return refuse(`group of ${source} expected to begin with a ${kind}, got a ${first.kind}`)
  const alien = rest.find((logged) => !belongsTo(first, logged))
  if (alien !== undefined)
    return refuse(`group expected what belongs to its first entry, got a ${alien.kind} of another`)
  return ok(group)
}

/** What comes from our own sources; all others are DIDs. */
const OWN_KINDS: ReadonlyMap<string, LogEntry['kind']> = new Map([
  [VOID_SOURCE, 'void'],
  [ACK_SOURCE, 'ack'],
])

function belongsTo(first: LogEntry, logged: LogEntry): boolean {
  if (first.kind !== 'read') return false
  const { id } = first.entry
  if (logged.kind === 'fetch') return bytesEqual(logged.entry.id, id)
  return logged.kind === 'exec' && bytesEqual(logged.entry.read, id)
}

function refuse(message: string): { readonly error: GroupRefused } {
  return fail(new GroupRefused(message))
}
