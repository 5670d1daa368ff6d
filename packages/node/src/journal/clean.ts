/**
 * The record of a clean stop: length and hash of each journal file, so that a later change of the
 * last frame is not taken for a torn tail.
 * @module
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { writeFileDurable } from '../durable.ts'
import { cleanPath, JournalCorrupt, listWals } from './files.ts'

/** `sha256  bytes  name`, one file a line. */
const LINE = /^([0-9a-f]{64}) {2}(\d+) {2}(\d{20}\.wal)$/

/**
 * Writes the record of what stands in `folder` now. The journal is closed already.
 *
 * @example
 * await writeCleanRecord('/data/journal/0')
 */
export async function writeCleanRecord(folder: string): Promise<void> {
  let lines = ''
  for (const { path } of await listWals(folder)) lines += await lineOf(path).catch(released)
  await writeFileDurable(cleanPath(folder), Buffer.from(lines))
}

async function lineOf(path: string): Promise<string> {
  const { size } = await stat(path)
  return `${await sha256Of(path)}  ${size}  ${basename(path)}\n`
}

/** The log may release files meanwhile. */
function released(error: NodeJS.ErrnoException): string {
  if (error.code !== 'ENOENT') throw error
  return ''
}

/**
 * Compares `folder` with its record, if it has one; whether it has. Files that are gone must have
 * been older than those that remain: the log releases from the front.
 */
export async function checkCleanRecord(folder: string): Promise<boolean | JournalCorrupt> {
  const record = await readFile(cleanPath(folder), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  if (record === undefined) return false
  const wals = await listWals(folder)
  const rest = new Map(wals.map(({ path }) => [basename(path), path]))
  let seen = false
  for (const line of record.split('\n').slice(0, -1)) {
    const [, hash, bytes, name] = LINE.exec(line) ?? []
    if (name === undefined)
      return new JournalCorrupt(cleanPath(folder), 0, 'expected lines of hash, length and name')
    const path = rest.get(name)
    if (path === undefined) {
      if (seen) return new JournalCorrupt(name, 0, 'expected the file that the stop recorded')
      continue
    }
    seen = true
    rest.delete(name)
    const { size } = await stat(path)
    if (size !== Number(bytes))
      return new JournalCorrupt(path, size, `expected ${bytes} bytes as at the stop, got ${size}`)
    if ((await sha256Of(path)) !== hash)
      return new JournalCorrupt(path, 0, 'expected the hash recorded at the stop, got another')
  }
  const extra = rest.keys().next().value
  if (extra !== undefined) return new JournalCorrupt(extra, 0, 'expected no file beside the record')
  if (!seen && record !== '')
    return new JournalCorrupt(cleanPath(folder), 0, 'expected the last recorded file')
  return true
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
