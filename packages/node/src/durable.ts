/**
 * Files that are whole or absent, whatever moment the process or the machine dies.
 *
 * Crash order of a new file: (1) write a temp beside nothing that anybody reads, (2) fsync it, so
 * that its bytes are down before its name, (3) rename it to its name, (4) fsync the directory, so
 * that the name is down before anybody is told. A crash before 3 leaves a temp, which the next
 * owner removes; after 3 the file is whole.
 * @module
 */
import { randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/**
 * Makes changes of names in a directory durable.
 *
 * Windows can't fsync a directory; NTFS journals names itself.
 */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes a directory with its parents, durably. Cheap when it exists. */
export async function makeDirectory(path: string): Promise<void> {
  const made = await mkdir(path, { recursive: true })
  if (made === undefined) return
  // `made` is the first directory that was new: its name and those of all below it must be down.
  for (let name = path; ; name = dirname(name)) {
    await syncDirectory(dirname(name))
    if (name === made || name === dirname(name)) return
  }
}

/** Gives a file that was written and synced its name, durably (steps 3 and 4). */
export async function publishFile(temp: string, path: string): Promise<void> {
  await rename(temp, path)
  await syncDirectory(dirname(path))
}

/** A name in `directory` that nobody has. */
export function tempPath(directory: string): string {
  return join(directory, `${randomUUID()}.tmp`)
}

/** Writes and syncs a new file (steps 1 and 2); the file must not exist. */
export async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, 'wx', 0o644)
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Writes a small file durably, replacing one of that name. Its directory exists.
 *
 * @example
 * await writeFileDurable('/data/keys/id', bytes)
 */
export async function writeFileDurable(path: string, bytes: Uint8Array): Promise<void> {
  const temp = tempPath(dirname(path))
  try {
    await writeSynced(temp, bytes)
    await publishFile(temp, path)
  } catch (error) {
    await rm(temp, { force: true })
    throw error
  }
}

/** {@link writeFileDurable} before it returns, for who closes files and can't wait. */
export function writeFileDurableNow(path: string, bytes: Uint8Array): void {
  const temp = tempPath(dirname(path))
  try {
    writeFileSync(temp, bytes, { flag: 'wx', mode: 0o644, flush: true })
    renameSync(temp, path)
  } catch (error) {
    rmSync(temp, { force: true })
    throw error
  }
  if (process.platform === 'win32') return
  const directory = openSync(dirname(path), 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

/** Removes temps that a killed process left in `directory`; only its owner may. Says how many. */
export async function removeTemps(directory: string): Promise<number> {
  const temps = (await readdir(directory)).filter((name) => name.endsWith('.tmp'))
  for (const name of temps) await rm(join(directory, name), { force: true })
  return temps.length
}
