/**
 * The record of a clean stop, and files held against it (docs/reference/log-files.md, "A clean
 * stop").
 * @module
 */
import { createHash, hash } from 'node:crypto'
import { closeSync, readSync } from 'node:fs'
import { join } from 'node:path'
import type { Findings } from '../findings.ts'
import { openIfFile, readIfThere } from '../files.ts'

/** The record's name, in the folder that it is about. */
export const RECORD = 'clean'
const LINE = /^([0-9a-f]{64}) {2}(0|[1-9]\d{0,14}) {2}(\S+)$/
const CHUNK_BYTES = 1 << 20

/** A file as a stop recorded it. */
export interface RecordedFile {
  readonly sizeBytes: number
  /** In hex. */
  readonly sha256: string
}

/** The files of a clean stop, by their paths. */
export type StopRecord = ReadonlyMap<string, RecordedFile>

/**
 * The record in `folder`, which messages call `where`; undefined when there is none, as after a
 * kill, and while the folder is in use. One that isn't whole is a difference, and as if there were
 * none.
 */
export function readStopRecord(
  folder: string,
  where: string,
  findings: Findings,
): StopRecord | undefined {
  const bytes = readIfThere(join(folder, RECORD))
  if (bytes === undefined) return undefined
  const record = parseRecord(Buffer.from(bytes).toString('utf8'))
  if (record === undefined)
    findings.add(`${where}/${RECORD}`, 'lines of SHA-256, length and name', 'something else')
  return record
}

function parseRecord(text: string): StopRecord | undefined {
  const record = new Map<string, RecordedFile>()
  const lines = text.split('\n')
  if (lines.pop() !== '') return undefined
  const last = lines.pop() ?? ''
  for (const line of lines) {
    const [, sha256, size, name] = LINE.exec(line) ?? []
    if (name === undefined || record.has(name)) return undefined
    record.set(name, { sizeBytes: Number(size), sha256: sha256! })
  }
  const before = Buffer.from(text.slice(0, text.length - last.length - 1))
  return last === `${hash('sha256', before)}  ${before.length}  ${RECORD}` ? record : undefined
}

/** Holds a recorded file against the one at `path`, which messages call `where`. */
export function checkRecorded(
  path: string,
  where: string,
  { sizeBytes, sha256 }: RecordedFile,
  findings: Findings,
): void {
  const expected = `${sizeBytes} bytes of SHA-256 ${sha256}, as at the stop`
  const found = sumOf(path)
  if (found === undefined) findings.add(where, expected, 'no file')
  else if (found.sizeBytes !== sizeBytes || found.sha256 !== sha256)
    findings.add(where, expected, `${found.sizeBytes} bytes of SHA-256 ${found.sha256}`)
}

/** Length and SHA-256 of a file, read in pieces: a journal's files may be large. */
function sumOf(path: string): RecordedFile | undefined {
  const file = openIfFile(path)
  if (file === undefined) return undefined
  try {
    const sum = createHash('sha256')
    const chunk = new Uint8Array(CHUNK_BYTES)
    let sizeBytes = 0
    for (;;) {
      const length = readSync(file, chunk)
      if (length === 0) return { sizeBytes, sha256: sum.digest('hex') }
      sum.update(chunk.subarray(0, length))
      sizeBytes += length
    }
  } finally {
    closeSync(file)
  }
}
