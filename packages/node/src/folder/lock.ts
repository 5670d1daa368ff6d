/**
 * Locks between processes that die with their holder, also on kill -9.
 *
 * Node has no file locks of its own. An empty SQLite database has: a transaction on it holds a
 * lock of the operating system, which goes away with the process and needs no native add-on.
 * Nobody may open a lock file by other means: closing any handle on it would drop the lock
 * (POSIX fcntl, "the lock is released when any descriptor of the file is closed").
 * @module
 */
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { LOCK_POLL_MS } from '@turnpike/core/limits/store'

/** A lock that is held. */
export interface Lock {
  /** Gives it up. Idempotent. */
  release(): void
}

/** `shared` goes with other shared holders; `exclusive` with nobody. */
export type LockMode = 'shared' | 'exclusive'

/** SQLITE_BUSY: somebody else holds a lock that rules ours out. */
const BUSY = 5

/** Whether `error` is SQLite's "database is locked". */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === BUSY
}

/**
 * Takes the lock at `path` if it is free now; undefined when somebody holds it.
 *
 * @example
 * const lock = tryLock('/data/owner.lock', 'exclusive')
 */
export function tryLock(path: string, mode: LockMode): Lock | undefined {
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    if (mode === 'exclusive') database.exec('BEGIN EXCLUSIVE')
    else {
      database.exec('BEGIN')
      // The lock is taken by the first read and kept until the transaction ends.
      database.prepare('SELECT count(*) FROM sqlite_schema').get()
    }
  } catch (error) {
    database.close()
    if (isBusy(error)) return undefined
    throw error
  }
  return {
    release() {
      if (database.isOpen) database.close()
    },
  }
}

/**
 * Takes the lock at `path`, trying for `waitMs`; undefined when it was held all that time.
 */
export async function takeLock(
  path: string,
  mode: LockMode,
  waitMs: number,
  signal?: AbortSignal,
): Promise<Lock | undefined> {
  for (let waited = 0; ; waited += LOCK_POLL_MS) {
    const lock = tryLock(path, mode)
    if (lock !== undefined || waited >= waitMs) return lock
    await sleep(LOCK_POLL_MS, undefined, signal === undefined ? {} : { signal })
  }
}
