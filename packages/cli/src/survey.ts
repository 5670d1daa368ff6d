/**
 * What lies under paths, without reading it: for time left, and to see whether it changed.
 * @module
 */
import { createHash, type Hash } from 'node:crypto'
import type { Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DAG_DEPTH_MAX } from '@turnpike/core/limits'

/** Sums over files, and a print of all names, sizes and times of change. */
export interface Survey {
  readonly bytes: number
  readonly print: string
}

/**
 * Surveys paths. What can't be read is left out: adding it says why.
 *
 * @throws the signal's reason, when it is aborted
 * @example
 * const { bytes } = await surveyPaths(['./site'], { hidden: false, signal })
 */
export async function surveyPaths(
  paths: readonly string[],
  options: { readonly hidden: boolean; readonly signal: AbortSignal },
): Promise<Survey> {
  const walk = { ...options, bytes: 0, hash: createHash('sha256') }
  for (const path of paths) await surveyPath(path, walk, 0)
  return { bytes: walk.bytes, print: walk.hash.digest('hex') }
}

interface Walk {
  readonly hidden: boolean
  readonly signal: AbortSignal
  readonly hash: Hash
  bytes: number
}

async function surveyPath(path: string, walk: Walk, depth: number): Promise<void> {
  walk.signal.throwIfAborted()
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined || depth > DAG_DEPTH_MAX) return
  const size = found.isFile() ? found.size : 0
  walk.bytes += size
  walk.hash.update(`${path}\0${found.mode}\0${size}\0${found.isFile() ? found.mtimeMs : 0}\0`)
  if (!found.isDirectory()) return
  const entries: Dirent[] = await readdir(path, { withFileTypes: true }).catch(() => [])
  const names = entries.map(({ name }) => name).filter((name) => walk.hidden || name[0] !== '.')
  for (const name of names.toSorted()) await surveyPath(join(path, name), walk, depth + 1)
}
