/**
 * The log's key, and what it signed.
 * @module
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Findings } from '../findings.ts'
import type { SignedHead } from '../monitor/heads.ts'
import { nodeCrypto } from '../node-crypto.ts'
import { formatKey, formatNote, parseCheckpoint, parseKey, parseNote } from '../note.ts'
import { standingOf } from '../note.ts'
import type { Note, NoteKey } from '../note.ts'
import { readIfThere } from '../files.ts'
import { readOr } from './read-or.ts'

/** Where the log's key stands, in the data folder. */
export const KEY_PATH = 'receipts/log.vkey'

/**
 * The key by which the log signs: the one that is `pinned`, else the one that the folder has.
 *
 * @throws {BadNote} when what is pinned is no key
 */
export function logKey(
  data: string,
  pinned: string | undefined,
  findings: Findings,
): NoteKey | undefined {
  const key = pinned === undefined ? undefined : parseKey(pinned, nodeCrypto)
  const bytes = readIfThere(join(data, KEY_PATH))
  if (bytes === undefined) {
    if (existsSync(join(data, 'receipts'))) findings.add(KEY_PATH, 'the key of the log', 'no file')
    return key
  }
  const text = Buffer.from(bytes).toString('utf8')
  if (key !== undefined) {
    findings.same(KEY_PATH, `${formatKey(key, nodeCrypto)}\n`, text)
    return key
  }
  return readOr(KEY_PATH, findings, () => {
    const found = parseKey(text.replace(/\n$/, ''), nodeCrypto)
    findings.same(KEY_PATH, `${formatKey(found, nodeCrypto)}\n`, text)
    return found
  })
}

/** Holds a note against the key: one signature, which holds, and nothing beside it. */
export function checkSigned(
  where: string,
  bytes: Uint8Array,
  note: Note,
  key: NoteKey | undefined,
  findings: Findings,
): boolean {
  if (key === undefined) return false
  const { kind } = standingOf(note, key, nodeCrypto)
  const isAlone = note.signatures.length === 1
  if (kind !== 'signed' || !isAlone) {
    const found = kind === 'signed' ? 'others, too' : kind === 'wrong' ? 'a wrong one' : 'none'
    findings.add(`${where}, signature`, `one signature, by ${key.name}`, found)
    return false
  }
  if (formatNote(note) === Buffer.from(bytes).toString('utf8')) return true
  findings.add(where, 'a note as it is written', 'another spelling')
  return false
}

/** What a checkpoint says, if it is one that the log signed; a difference when it isn't. */
export function readCheckpoint(
  where: string,
  bytes: Uint8Array,
  key: NoteKey | undefined,
  findings: Findings,
): SignedHead | undefined {
  return readOr(where, findings, () => {
    const note = parseNote(bytes)
    const { origin, size, root } = parseCheckpoint(note.text)
    findings.same(`${where}, lines`, CHECKPOINT_LINES, note.text.split('\n').length - 1)
    if (key !== undefined) findings.same(`${where}, origin`, key.name, origin)
    if (!checkSigned(where, bytes, note, key, findings)) return undefined
    return { size, root, note: formatNote(note), from: where }
  })
}

const CHECKPOINT_LINES = 3
