/**
 * Files of a folder, as they are found.
 * @module
 */
import { readFileSync, readdirSync } from 'node:fs'
import type { Dirent } from 'node:fs'
import { join } from 'node:path'

/** Folders within folders that are looked into. */
const DEPTH_MAX = 12

/** A file's bytes; undefined when there is none. */
export function readIfThere(path: string): Uint8Array | undefined {
  try {
    const bytes = readFileSync(path)
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  } catch (error) {
    if (isNoFile(error)) return undefined
    throw error
  }
}

/** Whether an error says that there is no such file: nothing, or a folder in its place. */
export function isNoFile(error: unknown): boolean {
  return ['ENOENT', 'EISDIR', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')
}

/**
 * Paths of all files below `folder`, in the order of their names; none when there is no folder.
 * What is neither file nor folder has an exclamation mark behind its path: nobody expects that.
 */
export function* filesBelow(folder: string, below = '', depth = 0): Generator<string> {
  if (depth > DEPTH_MAX) return yield `${below}/!`
  for (const entry of entriesOf(join(folder, below))) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.isDirectory()) yield* filesBelow(folder, path, depth + 1)
    else yield entry.isFile() ? path : `${path}!`
  }
}

/** Names of the folders in `folder`, in order; none when there is no such folder. */
export function foldersIn(folder: string): readonly string[] {
  return entriesOf(folder)
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    if (isNoFile(error)) return []
    throw error
  }
}
