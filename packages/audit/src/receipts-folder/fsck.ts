/**
 * A fast check of a data folder: that its files are there, whole, and signed where they are; not
 * that they say what is true.
 * @module
 */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { parseEpochAnchor, parseEpochFinal, parseEpochRoot } from '../epoch-file.ts'
import { entriesOf } from '../bundles.ts'
import { Findings, hex } from '../findings.ts'
import type { Difference } from '../findings.ts'
import { decodeKept, decodeSums } from '../kept.ts'
import { LogFolder } from '../log-folder.ts'
import type { LogState } from '../log-folder.ts'
import type { Note, NoteKey } from '../note.ts'
import { decodeRows } from '../summary.ts'
import { TILE_WIDTH, rootOfEdge, tilePath } from '../tree.ts'
import { checkJournals } from './journals.ts'
import { EpochRecords } from './epoch-records.ts'
import { filesBelow, readIfThere } from '../files.ts'
import { checkLogNames, checkOwnWord } from './log-names.ts'
import { readOr } from './read-or.ts'
import { checkSigned, logKey, readCheckpoint } from './signatures.ts'
import { readStopRecord } from './stop-record.ts'

/** What a check found. */
export interface FolderCheck {
  /** Whether nothing is wrong. */
  readonly holds: boolean
  /** Whether the folder was stopped cleanly. */
  readonly isClean: boolean
  /** Entries in the log. */
  readonly entries: number
  readonly differences: readonly Difference[]
  readonly differencesCount: number
}

const HASH_BYTES = 32
const LEVELS_MAX = 7

/**
 * Checks the files of a data folder. It is read, never written.
 *
 * @param vkey the log's key, as somebody knows it from elsewhere
 * @throws {BadNote} when `vkey` is no key
 * @example
 * const { holds, differences } = checkFolder('/data')
 */
export function checkFolder(data: string, vkey?: string): FolderCheck {
  const findings = new Findings()
  const log = join(data, 'log')
  const folder = new LogFolder(log)
  const record = readStopRecord(log, 'log', findings)
  if (record !== undefined) checkOwnWord(log, record, findings)
  const key = logKey(data, vkey, findings)
  const published = folder.file('checkpoint')
  if (published !== undefined) readCheckpoint('log/checkpoint', published, key, findings)
  const state = readOr('log/head.sqlite', findings, () => folder.state())
  const kept = readOr('log/kept', findings, () => decodeKept(folder.file('kept')))
  const sealed = new Set<number>()
  if (state !== undefined && kept !== undefined) {
    checkEdge(state, findings)
    checkTiles(log, state, kept.droppingBundles, findings)
    for (const path of filesBelow(log)) {
      const [, kind, epoch] = /^(rows|sums)\/(\d+)$/.exec(path) ?? []
      if (epoch === undefined || Number(epoch) > (state.sealed?.epoch ?? -1)) continue
      sealed.add(Number(epoch))
      const decode = kind === 'rows' ? decodeRows : decodeSums
      readOr(`log/${path}`, findings, () => decode(readIfThere(join(log, path)) ?? NO_BYTES))
    }
    checkLogNames({ folder: log, size: state.size, sealed, record }, findings)
  }
  checkReceipts(data, key, findings)
  if (record !== undefined) checkRecords(data, findings)
  const journals = checkJournals(data, state?.journals, findings)
  return {
    holds: findings.count === 0,
    isClean: record !== undefined && journals.every((slot) => slot.isClean),
    entries: state?.size ?? 0,
    differences: findings.named,
    differencesCount: findings.count,
  }
}

/** The right edge is that of a log of this size and root. */
function checkEdge(state: LogState, findings: Findings): void {
  const where = 'log/head.sqlite'
  for (let level = 0; level < LEVELS_MAX; level++) {
    const expected = (Math.floor(state.size / TILE_WIDTH ** level) % TILE_WIDTH) * HASH_BYTES
    findings.same(`${where}, tile ${level}`, expected, state.tiles[level]?.length ?? 0)
  }
  findings.same(`${where}, root`, hex(rootOfEdge(state.tiles)), hex(state.root))
}

/** Each full tile and bundle is there, and a tile has its size. */
function checkTiles(log: string, state: LogState, dropping: number, findings: Findings): void {
  for (let level = 0; level < LEVELS_MAX; level++) {
    const full = Math.floor(state.size / TILE_WIDTH ** (level + 1))
    for (let index = 0; index < full; index++) {
      const path = tilePath(level, index)
      findings.same(
        `log/${path}, bytes`,
        TILE_WIDTH * HASH_BYTES,
        sizeOf(join(log, path)) ?? 'no file',
      )
      if (level === 0) checkBundle(log, index, index < dropping, findings)
    }
  }
}

/** A bundle is whole: what its entries say, and hash to, is for the audit. */
function checkBundle(log: string, index: number, mayBeGone: boolean, findings: Findings): void {
  const path = tilePath(undefined, index)
  const bytes = readIfThere(join(log, path))
  if (bytes === undefined && mayBeGone) return
  const found = bytes === undefined ? 'no file' : (entriesOf(bytes)?.length ?? 'other bytes')
  findings.same(`log/${path}, entries`, TILE_WIDTH, found)
}

type Parser = (bytes: Uint8Array) => { readonly note: Note }
const PARSERS: ReadonlyMap<string, Parser> = new Map<string, Parser>([
  ['root', parseEpochRoot],
  ['anchor', parseEpochAnchor],
  ['final', parseEpochFinal],
])

function checkReceipts(data: string, key: NoteKey | undefined, findings: Findings): void {
  for (const path of filesBelow(join(data, 'receipts'))) {
    const where = `receipts/${path}`
    const [, , kind = ''] = /^read\/(\d+)\.(\w+)$/.exec(path) ?? []
    const parse = PARSERS.get(kind)
    if (parse === undefined) continue
    const bytes = readIfThere(join(data, where)) ?? NO_BYTES
    const line = readOr(where, findings, () => parse(bytes))
    if (line !== undefined) checkSigned(where, bytes, line.note, key, findings)
  }
}

/** Files of the epochs that a deployment recorded are there. */
function checkRecords(data: string, findings: Findings): void {
  const records = EpochRecords.open(data, findings)
  for (const epoch of records?.epochs() ?? []) {
    const kinds = records?.of(epoch)?.files ?? []
    const paths = [...kinds].map((kind) => `receipts/read/${epoch}.${kind}`)
    for (const path of [`log/rows/${epoch}`, ...paths])
      if (sizeOf(join(data, path)) === undefined)
        findings.add(path, 'a file, since billing.sqlite has the epoch', 'none')
  }
  records?.close()
}

function sizeOf(path: string): number | undefined {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats?.isFile() ? stats.size : undefined
}

const NO_BYTES = new Uint8Array(0)
