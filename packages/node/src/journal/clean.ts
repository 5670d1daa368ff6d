/**
 * The record of a clean stop: length and hash of each file of a journal, so that a later change of
 * the last frame is not taken for a torn tail.
 * @module
 */
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileDurable } from '../durable.ts'
import { encodeStopRecord, parseStopRecord, stoppedFile } from '../stop-record.ts'
import type { StoppedFile } from '../stop-record.ts'
import { cleanPath, JournalCorrupt } from './files.ts'

const NUMBERED = /^\d{20}\.(?:wal|marks)$/
/** What is recorded: what a journal is made of, but neither its spare nor the record itself. */
const RECORDED = /^(?:\d{20}\.(?:wal|marks)|durable|reserve)$/

/**
 * Writes the record of what stands in `folder` now. The journal is closed already.
 *
 * @example
 * await writeCleanRecord('/data/journal/0')
 */
export async function writeCleanRecord(folder: string): Promise<void> {
  const files: StoppedFile[] = []
  for (const name of await recordedIn(folder)) {
    // The log may release files meanwhile.
    const file = await stoppedFile(folder, name)
    if (file !== undefined) files.push(file)
  }
  await writeFileDurable(cleanPath(folder), encodeStopRecord(files))
}

/**
 * Compares `folder` with its record, if it has one; whether it has. Journal files that are gone
 * must have been older than those that remain, since the log releases from the front, marks first;
 * the reserve may be gone, too: a sequencer without room takes it.
 */
export async function checkCleanRecord(folder: string): Promise<boolean | JournalCorrupt> {
  const record = await readFile(cleanPath(folder), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  if (record === undefined) return false
  const files = parseStopRecord(record)
  if (files === undefined)
    return new JournalCorrupt(cleanPath(folder), 0, 'expected a whole record of a stop')
  const rest = new Set(await recordedIn(folder))
  const lastWal = files.findLast(({ name }) => name.endsWith('.wal'))?.name
  let hasWal = false
  for (const file of files) {
    const isThere = rest.delete(file.name)
    const mayBeGone = file.name === 'reserve' || (isBefore(file.name, lastWal) && !hasWal)
    if (!isThere && !mayBeGone)
      return new JournalCorrupt(file.name, 0, 'expected the file that the stop recorded')
    const changed = isThere ? await changeOf(folder, file) : undefined
    if (changed !== undefined) return changed
    hasWal ||= isThere && file.name.endsWith('.wal')
  }
  const extra = rest.keys().next().value
  if (extra !== undefined) return new JournalCorrupt(extra, 0, 'expected no file beside the record')
  return true
}

/** Whether a file is a journal file, or its marks, that has a successor. */
function isBefore(name: string, lastWal: string | undefined): boolean {
  return lastWal !== undefined && NUMBERED.test(name) && name.slice(0, 20) < lastWal.slice(0, 20)
}

/** How a file is not as it was at the stop. */
async function changeOf(folder: string, file: StoppedFile): Promise<JournalCorrupt | undefined> {
  const path = join(folder, file.name)
  const found = await stoppedFile(folder, file.name)
  const { sizeBytes, sha256 } = file
  if (found?.sizeBytes !== sizeBytes) {
    const size = found?.sizeBytes ?? 0
    return new JournalCorrupt(path, size, `expected ${sizeBytes} bytes as at the stop, got ${size}`)
  }
  if (found.sha256 !== sha256)
    return new JournalCorrupt(path, 0, 'expected the hash recorded at the stop, got another')
  return undefined
}

async function recordedIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => RECORDED.test(name))
}
