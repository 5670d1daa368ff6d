/**
 * The one process that owns a data folder.
 * @module
 */
import { hostname } from 'node:os'
import { readFileSync, writeFileSync } from 'node:fs'
import { fail, ok, type Result } from '@turnpike/core/result'
import type { FolderPaths } from './layout.ts'
import { tryLock, type Lock } from './lock.ts'

/** Another process owns the data folder. */
export class FolderInUse extends Error {
  override readonly name = 'FolderInUse'
  readonly folder: string
  /** Process that owns it, as far as it left a note. */
  readonly pid: number | undefined
  constructor(folder: string, pid: number | undefined) {
    const who = pid === undefined ? 'another process' : `process ${pid}`
    super(
      `data folder ${folder} expected to be free, but ${who} owns it: stop that process, or ` +
        'use another folder with --data',
    )
    this.folder = folder
    this.pid = pid
  }
}

/**
 * Makes this process the owner of the folder until the lock is released or the process ends.
 *
 * @example
 * const owned = takeOwnership(folderPaths('./data'))
 */
export function takeOwnership(paths: FolderPaths): Result<Lock, FolderInUse> {
  const lock = tryLock(paths.ownerLock, 'exclusive')
  if (lock === undefined) return fail(new FolderInUse(paths.root, readOwner(paths)))
  writeFileSync(paths.ownerNote, `${JSON.stringify({ pid: process.pid, host: hostname() })}\n`)
  return ok(lock)
}

function readOwner(paths: FolderPaths): number | undefined {
  try {
    const note: unknown = JSON.parse(readFileSync(paths.ownerNote, 'utf8'))
    const pid = (note as { pid?: unknown } | null)?.pid
    return typeof pid === 'number' ? pid : undefined
  } catch {
    return undefined
  }
}
