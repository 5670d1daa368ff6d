/**
 * Which files a log's folder may hold (docs/reference/log-files.md).
 * @module
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Findings } from '../findings.ts'
import { decodeSums } from '../kept.ts'
import { TILE_WIDTH, tilePath } from '../tree.ts'
import { filesBelow, readIfThere } from '../files.ts'
import { readOr } from './read-or.ts'
import { RECORD, checkRecorded } from './stop-record.ts'
import type { StopRecord } from './stop-record.ts'

/** What of a log is known by now. */
export interface KnownLog {
  readonly folder: string
  readonly size: number
  /** Epochs that have a SEAL. */
  readonly sealed: ReadonlySet<number>
  readonly record: StopRecord | undefined
}

/** Files that no hash of the log covers: a record of a stop has those that there are. */
const OWN_WORD = new Set(['head.sqlite', 'checkpoint', 'kept'])
/** Files of a database that is open, or was when its process was killed. */
const OPEN_DATABASE = new Set(['head.sqlite-wal', 'head.sqlite-shm'])

/** Holds the files that no hash covers against the record of the stop. */
export function checkOwnWord(folder: string, record: StopRecord, findings: Findings): void {
  for (const [name, file] of record)
    checkRecorded(join(folder, name), `log/${name}`, file, findings)
}

/**
 * Looks for files that nothing vouches for. Without a record of a clean stop, some are what
 * processes leave that run, or were killed.
 *
 * @returns how many of those there are
 */
export function checkLogNames(log: KnownLog, findings: Findings): number {
  let left = 0
  const { folder, record } = log
  for (const path of filesBelow(folder)) {
    if (path.startsWith('sums/')) checkSums(log, path, findings)
    const isKnown = record === undefined ? OWN_WORD.has(path) : record.has(path)
    if (path === RECORD || isKnown || isCovered(path, log)) continue
    if (record === undefined && isOfRunning(path)) left++
    else findings.add(`log/${path}`, 'no such file', 'one')
  }
  return left
}

/** Whether a hash of the log covers the file, so that whoever reads the log has compared it. */
function isCovered(path: string, { size, sealed }: KnownLog): boolean {
  const epoch = /^(?:rows|sums)\/(0|[1-9]\d*)$/.exec(path)?.[1]
  if (epoch !== undefined) return sealed.has(Number(epoch))
  const { level, index } = tileOf(path) ?? {}
  if (index === undefined) return false
  return (index + 1) * TILE_WIDTH ** ((level ?? 0) + 1) <= size
}

/** Files that are there while a process runs, and after it was killed. */
function isOfRunning(path: string): boolean {
  if (OPEN_DATABASE.has(path)) return true
  return /^temp\/[^/!]*$|^rows\/\d+$/.test(path) || tileOf(path) !== undefined
}

/** Level and number of a tile's path; the level of a bundle is undefined. */
function tileOf(path: string): { level: number | undefined; index: number } | undefined {
  const [, name, number] = /^tile\/(entries|[0-6])\/((?:x\d{3}\/)*\d{3})$/.exec(path) ?? []
  if (number === undefined) return undefined
  const level = name === 'entries' ? undefined : Number(name)
  const index = Number(number.replaceAll(/[x/]/g, ''))
  return tilePath(level, index) === path ? { level, index } : undefined
}

/**
 * Sums are read by a walk only when their epoch's entries may be gone. Of those, a SEAL and what is
 * voided stay.
 */
function checkSums({ folder, size }: KnownLog, path: string, findings: Findings): void {
  const bytes = readIfThere(join(folder, path)) ?? new Uint8Array(0)
  const sums = readOr(`log/${path}`, findings, () => decodeSums(bytes))
  if (sums === undefined) return
  findings.same(`log/${path}, epoch`, path.slice('sums/'.length), String(sums.epoch))
  const kept = new Set([sums.end - 1, ...sums.voids.map(({ target }) => target)].map(bundleOf))
  for (const bundle of kept) {
    const name = tilePath(undefined, bundle)
    if ((bundle + 1) * TILE_WIDTH <= size && !existsSync(join(folder, name)))
      findings.add(`log/${name}`, `the bundle of a SEAL, or of what is voided: ${path}`, 'no file')
  }
}

function bundleOf(index: number): number {
  return Math.floor(index / TILE_WIDTH)
}
