/**
 * How an operator says that the clock is right, after it was not believed.
 * @module
 */
import { statSync } from 'node:fs'
import type { FolderPaths } from '../folder/layout.ts'

/**
 * When an operator said so, in ms of the wall clock: the time at which they touched the file for
 * it; 0 when there is none.
 *
 * @example
 * const floorMs = () => confirmedMs(folderPaths('./data'))
 */
export function confirmedMs({ clockConfirmed }: Pick<FolderPaths, 'clockConfirmed'>): number {
  const touched = statSync(clockConfirmed, { throwIfNoEntry: false })
  return Math.floor(touched?.mtimeMs ?? 0)
}
