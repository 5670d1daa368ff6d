/**
 * The `EpochFiles` port on the data folder's `receipts/`.
 * @module
 */
import { readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { EpochFiles } from '@turnpike/core/ports/epoch-files'
import type { LogFile } from '@turnpike/core/ports/log-store'
import { makeDirectory, removeTemps, syncDirectory, tempPath, writeSynced } from '../durable.ts'

const ROOT_NAME = /^(\d{1,15})\.root$/

/** Epochs' files in a directory. */
export class FolderEpochFiles implements EpochFiles {
  readonly #directory: string
  readonly #temps: string

  private constructor(directory: string) {
    this.#directory = directory
    this.#temps = join(directory, 'temp')
  }

  /**
   * Opens the files in `directory`, made when it isn't there, and removes what a killed process was
   * writing.
   *
   * @example
   * const files = await FolderEpochFiles.open('/data/receipts')
   */
  static async open(directory: string): Promise<FolderEpochFiles> {
    const files = new FolderEpochFiles(directory)
    await makeDirectory(files.#temps)
    await makeDirectory(join(directory, 'read'))
    await removeTemps(files.#temps)
    return files
  }

  /** Each by the crash order of `durable.ts`, with one sync for each directory at the end. */
  async put(files: readonly LogFile[]): Promise<void> {
    const directories = new Set<string>()
    for (const { path, bytes } of files) {
      const temp = tempPath(this.#temps)
      const to = join(this.#directory, path)
      try {
        await writeSynced(temp, bytes)
        await rename(temp, to)
      } catch (error) {
        await rm(temp, { force: true })
        throw error
      }
      directories.add(dirname(to))
    }
    for (const directory of directories) await syncDirectory(directory)
  }

  async get(path: string): Promise<Uint8Array | undefined> {
    const bytes = await readFile(join(this.#directory, path)).catch(absent)
    return bytes && new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  newestRoot(before?: number): Promise<number | undefined> {
    return newestRootIn(this.#directory, before)
  }
}

/** The newest epoch that has a `.root` in a directory of epochs' files, as the port says it. */
export async function newestRootIn(
  directory: string,
  before: number = Infinity,
): Promise<number | undefined> {
  let newest: number | undefined
  for (const name of (await readdir(join(directory, 'read')).catch(absent)) ?? []) {
    const [, epoch] = ROOT_NAME.exec(name) ?? []
    const number = Number(epoch ?? -1)
    if (number > (newest ?? -1) && number < before) newest = number
  }
  return newest
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
