/**
 * The `LogStore` port on files and SQLite (docs/reference/log-files.md).
 * @module
 */
import { readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { LOG_WRITES_MAX } from '@turnpike/core/limits'
import { SQLITE_BUSY_TIMEOUT_MS } from '@turnpike/core/limits/store'
import { CommitConflict } from '@turnpike/core/ports/log-store'
import type { CommittedValue, LogFile, LogStore } from '@turnpike/core/ports/log-store'
import { fail, ok } from '@turnpike/core/result'
import type { Result, Unit } from '@turnpike/core/result'
import { makeDirectory, removeTemps, syncDirectory, tempPath, writeSynced } from '../durable.ts'
import { checkStopRecord, removeStopRecord, writeStopRecord } from './clean.ts'
import { openVersioned } from './version.ts'

const SQLITE_BUSY = 5

/** Another process writes this log. */
export class LogLocked extends Error {
  override readonly name = 'LogLocked'
  readonly directory: string
  constructor(directory: string) {
    super(`log ${directory} is in use by another process: ask that one, or stop it first`)
    this.directory = directory
  }
}

// The lock is the kernel's and goes with the process, so that a kill leaves none behind. It is
// taken with the first transaction and held: a second sequencer would write into the same files.
const PRAGMAS = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
`
const SCHEMA = `
  CREATE TABLE head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL,
    state BLOB NOT NULL
  ) STRICT
`

/** A log in a directory. */
export class FileLogStore implements LogStore {
  readonly #directory: string
  readonly #temps: string
  readonly #database: DatabaseSync
  /** Directories that are known to be there. */
  readonly #made = new Set<string>()

  private constructor(directory: string, database: DatabaseSync) {
    this.#directory = directory
    this.#temps = join(directory, 'temp')
    this.#database = database
  }

  /**
   * Opens the log in `directory`, made when it isn't there, for this process alone. Waits
   * `busyTimeoutMs` for another that has it.
   *
   * @throws {LogLocked} when another process has it
   * @throws {LogCorrupt} when a file is not as the last clean stop recorded it
   * @throws {StoreTooNew} when a newer program wrote it
   * @example
   * const store = await FileLogStore.open('/data/log')
   */
  static async open(
    directory: string,
    busyTimeoutMs: number = SQLITE_BUSY_TIMEOUT_MS,
  ): Promise<FileLogStore> {
    await makeDirectory(join(directory, 'temp'))
    // Before the database is open: a lock of SQLite's goes when its process closes the file.
    await checkStopRecord(directory)
    let database: DatabaseSync
    try {
      database = openVersioned(join(directory, 'head.sqlite'), busyTimeoutMs, PRAGMAS, SCHEMA)
    } catch (error) {
      if ((error as { errcode?: number }).errcode === SQLITE_BUSY) throw new LogLocked(directory)
      throw error
    }
    const store = new FileLogStore(directory, database)
    await removeStopRecord(directory)
    await removeTemps(store.#temps)
    return store
  }

  load(): CommittedValue | undefined {
    const row = this.#database.prepare('SELECT version, state FROM head').get()
    if (row === undefined) return undefined
    return { version: Number(row['version']), bytes: row['state'] as Uint8Array }
  }

  compareAndSwap(version: number, bytes: Uint8Array): Result<Unit, CommitConflict> {
    const sql =
      version === 0
        ? 'INSERT OR IGNORE INTO head (id, version, state) VALUES (1, ? + 1, ?)'
        : 'UPDATE head SET version = ?1 + 1, state = ?2 WHERE version = ?1'
    const { changes } = this.#database.prepare(sql).run(version, bytes)
    if (Number(changes) === 1) return ok({})
    return fail(new CommitConflict(version, this.load()?.version ?? 0))
  }

  /**
   * Several files at once, since each waits for the disk; each by the crash order of `durable.ts`,
   * with one sync for each directory at the end.
   */
  async put(files: readonly LogFile[]): Promise<void> {
    const directories = new Set(files.map(({ path }) => dirname(join(this.#directory, path))))
    for (const directory of directories) await this.#make(directory)
    let next = 0
    const writers = Array.from({ length: Math.min(LOG_WRITES_MAX, files.length) }, async () => {
      while (next < files.length) await this.#write(files[next++]!)
    })
    // All of them end before this does: nothing writes behind the caller's back after a failure.
    const ended = await Promise.allSettled(writers)
    const failed = ended.find((one) => one.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    for (const directory of directories) await syncDirectory(directory)
  }

  async get(path: string): Promise<Uint8Array | undefined> {
    const bytes = await readFile(join(this.#directory, path)).catch(absent)
    return bytes && new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  async drop(paths: readonly string[]): Promise<void> {
    const directories = new Set<string>()
    for (const path of paths) {
      const file = join(this.#directory, path)
      await rm(file, { force: true })
      directories.add(dirname(file))
    }
    for (const directory of directories) await syncDirectory(directory).catch(absent)
  }

  /** Gives the log back, and records how it was left. Nothing may be called afterwards. */
  close(): void {
    const state = this.load()?.bytes
    this.#database.close()
    writeStopRecord(this.#directory, state)
  }

  async #make(directory: string): Promise<void> {
    if (this.#made.has(directory)) return
    await makeDirectory(directory)
    // A directory holds at most 1,000 files: the set is emptied long before it matters.
    if (this.#made.size >= MADE_MAX) this.#made.clear()
    this.#made.add(directory)
  }

  async #write(file: LogFile): Promise<void> {
    const temp = tempPath(this.#temps)
    try {
      await writeSynced(temp, file.bytes)
      await rename(temp, join(this.#directory, file.path))
    } catch (error) {
      await rm(temp, { force: true })
      throw error
    }
  }
}

/** Directories that are remembered as made. */
const MADE_MAX = 1024

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
