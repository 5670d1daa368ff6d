/**
 * Two things that a log says of itself, and whether they can both be true.
 * @module
 */
import { encodeBase64, sameBytes } from '../base64.ts'
import type { AuditCrypto } from '../crypto.ts'
import { misbehaviour } from '../misbehaviour.ts'
import {
  BadNote,
  formatKey,
  parseCheckpoint,
  parseNote,
  standingOf,
  type NoteKey,
} from '../note.ts'
import { isConsistent, type TreeHead } from '../proof.ts'
import type { Finding } from './finding.ts'
import type { Tiles } from './tiles.ts'

/** A checkpoint that its log signed. */
export interface SignedHead extends TreeHead {
  /** The note, as text. */
  readonly note: string
  /** Who showed it, for people. */
  readonly from: string
}

/** The log that is looked at. */
export interface MonitoredLog {
  readonly key: NoteKey
  readonly crypto: AuditCrypto
}

/**
 * Reads a checkpoint.
 *
 * @throws {BadNote} when it is none, or not by the log
 */
export function signedHead(
  bytes: Uint8Array | string,
  from: string,
  log: MonitoredLog,
): SignedHead {
  const note = parseNote(bytes)
  const { origin, size, root } = parseCheckpoint(note.text)
  if (origin !== log.key.name || standingOf(note, log.key, log.crypto).kind !== 'signed')
    throw new BadNote(`checkpoint of ${from} expected to be signed by ${log.key.name}`)
  return { note: typeof bytes === 'string' ? bytes : decoded(bytes), from, size, root }
}

/**
 * Whether the log of `now` begins with what `before` says.
 *
 * @param tiles those of the log of `now`
 * @returns what is wrong; undefined when nothing is
 * @throws {SourceFailed} when a tile is missing
 * @example
 * const finding = await compareHeads(seen, now, tiles, log)
 */
export async function compareHeads(
  before: SignedHead,
  now: SignedHead,
  tiles: Tiles,
  { key, crypto }: MonitoredLog,
): Promise<Finding | undefined> {
  const where = `${before.from} and ${now.from}`
  const checkpoints = [before.note, now.note] as const
  const vkey = formatKey(key, crypto)
  if (before.size > now.size) {
    const message = `${before.from} has ${before.size} entries, ${now.from} only ${now.size}`
    return { rule: 'behind', where, message }
  }
  if (before.size === now.size) {
    if (sameBytes(before.root, now.root)) return undefined
    const message = `two logs of ${now.size} entries, both signed by ${key.name}`
    const proof = misbehaviour('split-view', { key: vkey, checkpoints })
    return { rule: 'split-view', where, message, proof }
  }
  const hashes = await tiles.consistency(before.size)
  if (isConsistent(before, now, hashes, crypto)) return undefined
  const root = await tiles.root(before.size)
  if (!isConsistent({ size: before.size, root }, now, hashes, crypto)) return tilesDiffer(now)
  const message =
    `the log of ${now.size} entries does not begin with the one of ${before.size}, ` +
    `both signed by ${key.name}`
  const evidence = {
    key: vkey,
    checkpoints,
    root: encodeBase64(root),
    proof: hashes.map(encodeBase64),
  }
  return { rule: 'fork', where, message, proof: misbehaviour('fork', evidence) }
}

/** What there is to say when tiles don't lead to the root that was signed. */
export function tilesDiffer({ size, from }: SignedHead): Finding {
  const message = `hash tiles of ${size} entries do not lead to the root that is signed`
  return { rule: 'tiles', where: from, message }
}

function decoded(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
