/**
 * Names of a journal's files. Layout: docs/reference/journal-files.md.
 * @module
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Digits of a file's first entry in its name: 2^53 has 16, C2SP and the log use 20. */
const DIGITS = 20
const WAL = /^(\d{20})\.wal$/

/** A journal's files are damaged in a way that no crash leaves. Nothing is cut or repaired. */
export class JournalCorrupt extends Error {
  override readonly name = 'JournalCorrupt'
  readonly file: string
  /** Bytes before the damage. */
  readonly offset: number
  constructor(file: string, offset: number, message: string) {
    super(`journal file ${file}, byte ${offset}: ${message}; restore it or move the slot away`)
    this.file = file
    this.offset = offset
  }
}

/** One journal file: the number of its first entry, and its path. */
export interface WalFile {
  readonly first: number
  readonly path: string
}

/**
 * Path of the journal file whose first entry is `first`.
 *
 * @example
 * walPath('/data/journal/0', 0) // /data/journal/0/00000000000000000000.wal
 */
export function walPath(folder: string, first: number): string {
  return join(folder, `${String(first).padStart(DIGITS, '0')}.wal`)
}

/** Path of the progress marks beside a journal file. */
export function marksPath(wal: string): string {
  return `${wal.slice(0, -'.wal'.length)}.marks`
}

/** Path of the durable watermark of a slot. */
export function durablePath(folder: string): string {
  return join(folder, 'durable')
}

/** Path of the record that a clean stop leaves. */
export function cleanPath(folder: string): string {
  return join(folder, 'clean')
}

/** Path of the bytes kept for the sequencer. */
export function reservePath(folder: string): string {
  return join(folder, 'reserve')
}

/** Journal files of a slot, oldest first. */
export async function listWals(folder: string): Promise<readonly WalFile[]> {
  const found: WalFile[] = []
  for (const name of await readdir(folder)) {
    const digits = WAL.exec(name)?.[1]
    if (digits !== undefined) found.push({ first: Number(digits), path: join(folder, name) })
  }
  return found.sort((a, b) => a.first - b.first)
}
