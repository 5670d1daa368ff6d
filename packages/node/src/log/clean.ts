/**
 * The record of a clean stop of a log: length and hash of each of its files that no hash of the log
 * covers.
 * @module
 */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { LogCorrupt } from '@turnpike/accounting/errors'
import { decodeState } from '@turnpike/accounting/state'
import type { LogState } from '@turnpike/accounting/state'
import { LOG_ROUND_BUNDLES_MAX } from '@turnpike/core/limits/log'
import { rowsPath } from '@turnpike/core/log/summary'
import {
  TILE_LEVELS_MAX,
  TILE_WIDTH,
  bundlePath,
  fullTiles,
  tilePath,
} from '@turnpike/core/merkle/tile'
import { nodeHasher } from '../hasher.ts'
import { syncDirectory, writeFileDurableNow } from '../durable.ts'
import { encodeStopRecord, fileStoppedAs, parseStopRecord, stoppedFile } from '../stop-record.ts'

/** The record, beside the files. */
const RECORD = 'clean'
/** Files that are there or not, and no hash of the log covers. */
const OWN_WORD = ['head.sqlite', 'checkpoint', 'kept']

/**
 * Compares the log in `directory`, which nobody may have open, with the record of its last stop, if
 * that was clean.
 *
 * @throws {LogCorrupt} when a file was changed, added or removed since
 */
export async function checkStopRecord(directory: string): Promise<void> {
  const record = await recordIn(directory)
  const different = record && (await differenceFrom(directory, record))
  // Whoever opens the log meanwhile takes the record away first.
  if (different !== undefined && (await recordIn(directory)) === record) throw different
}

async function recordIn(directory: string): Promise<string | undefined> {
  return readFile(join(directory, RECORD), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    return undefined
  })
}

async function differenceFrom(directory: string, record: string): Promise<LogCorrupt | undefined> {
  const files = parseStopRecord(record)
  if (files === undefined)
    return new LogCorrupt(RECORD, 'text', 'expected a whole record of a stop')
  for (const { name, sizeBytes, sha256 } of files) {
    const found = await stoppedFile(directory, name)
    if (found?.sizeBytes !== sizeBytes || found.sha256 !== sha256)
      return new LogCorrupt(name, 'all', 'expected it as the last clean stop recorded it')
  }
  const names = new Set(files.map(({ name }) => name))
  const extra = OWN_WORD.find((name) => !names.has(name) && existsSync(join(directory, name)))
  if (extra === undefined) return undefined
  return new LogCorrupt(extra, 'all', 'expected no file beside those of the last clean stop')
}

/** Takes the record away, durably: files change from now on. The log is open. */
export async function removeStopRecord(directory: string): Promise<void> {
  await rm(join(directory, RECORD), { force: true })
  await syncDirectory(directory)
}

/**
 * Records the log in `directory`, which is closed, as its committed state left it. There is no
 * record, as after a kill, where the state can't be read, which the record would vouch for, and
 * where it can't be written.
 */
export function writeStopRecord(directory: string, state: Uint8Array | undefined): void {
  try {
    const paths = state === undefined ? [] : uncovered(decodeState(nodeHasher, state))
    const files = [...OWN_WORD, ...paths]
      .filter((name) => existsSync(join(directory, name)))
      .map((name) => fileStoppedAs(name, readFileSync(join(directory, name))))
    writeFileDurableNow(join(directory, RECORD), encodeStopRecord(files))
  } catch {
    rmSync(join(directory, RECORD), { force: true })
  }
}

/** Where a round may have written whose commit never came. */
function uncovered({ size, open }: LogState): readonly string[] {
  const paths = open === null ? [] : [rowsPath(open.epoch)]
  for (let level = 0; level < TILE_LEVELS_MAX; level++) {
    const first = fullTiles(size, level)
    const end = first + Math.ceil(LOG_ROUND_BUNDLES_MAX / TILE_WIDTH ** level) + 1
    for (let index = first; index < end; index++) {
      paths.push(tilePath(level, index))
      if (level === 0) paths.push(bundlePath(index))
    }
  }
  return paths
}
