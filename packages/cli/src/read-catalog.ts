/**
 * Verbs that read the catalog beside a running server.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { openFolderReader } from '@turnpike/node/folder/open'
import { nodeHasher } from '@turnpike/node/hasher'
import { needFolder } from './need-folder.ts'

/**
 * Runs `work` on the catalog of the data folder at `data`, read-only.
 *
 * @throws {FolderMissing} when there is none
 * @example
 * const spaces = await readCatalog('./data', showSpaces)
 */
export async function readCatalog<T>(data: string, work: (catalog: DatabaseSync) => T): Promise<T> {
  needFolder(data)
  const folder = await openFolderReader(data, { hasher: nodeHasher })
  if (folder.error) throw folder.error
  try {
    return work(folder.ok.catalog)
  } finally {
    await folder.ok.close()
  }
}
