/**
 * Commands that make no sense without a data folder don't make one.
 * @module
 */
import { existsSync } from 'node:fs'
import { folderPaths } from '@turnpike/node/folder/layout'
import { FolderMissing } from '@turnpike/node/folder/open'

/** @throws {FolderMissing} when there is no data folder at `data` */
export function needFolder(data: string): void {
  const { root, database } = folderPaths(data)
  if (!existsSync(database)) throw new FolderMissing(root)
}
