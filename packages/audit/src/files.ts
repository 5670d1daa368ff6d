/**
 * Files of a folder, as they are found.
 * @module
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, readdirSync } from 'node:fs'
import type { Dirent } from 'node:fs'
import { join } from 'node:path'

/** Bytes of a file that is read as a whole, at most: none of ours comes near. */
export const FILE_BYTES_MAX: number = 2 ** 30
/** Folders within folders that are looked into. */
const DEPTH_MAX = 12

/** A file's bytes; undefined when there is none, or it is none that could be read as a whole. */
export function readIfThere(path: string): Uint8Array | undefined {
  const file = openIfFile(path)
  if (file === undefined) return undefined
  try {
    if (fstatSync(file).size > FILE_BYTES_MAX) return undefined
    const bytes = readFileSync(file)
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  } finally {
    closeSync(file)
  }
}

/**
 * A file, opened to read; undefined when there is none, or a folder, a pipe or a device in its
 * place: those might never end, or never begin.
 */
export function openIfFile(path: string): number | undefined {
  let file: number
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (isNoFile(error)) return undefined
    throw error
  }
  if (fstatSync(file).isFile()) return file
  closeSync(file)
  return undefined
}

/** Whether an error says that there is no such file: nothing, or something else in its place. */
export function isNoFile(error: unknown): boolean {
  return ['ENOENT', 'EISDIR', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(
    (error as NodeJS.ErrnoException).code ?? '',
  )
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
