/**
 * The log's own key for whoever has something to sign beside its gateway.
 * @module
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bytesEqual } from '@turnpike/core/bytes'
import { parseKey } from '@turnpike/core/note/key'
import type { NoteSigner } from '@turnpike/core/note/note'
import { folderPaths } from '../folder/layout.ts'
import { nodeHasher } from '../hasher.ts'
import { openLogSigner } from './signer.ts'

/**
 * The key of a folder's log, by the name that the log has published.
 *
 * @returns undefined when none was published yet, or it was for another key: the gateway that runs
 *   next puts that right
 * @example
 * const signer = await findLogSigner('./data')
 */
export async function findLogSigner(dataDir: string): Promise<NoteSigner | undefined> {
  const { root, keys } = folderPaths(dataDir)
  const text = await readFile(join(root, 'receipts', 'log.vkey'), 'utf8').catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return ''
      throw error
    },
  )
  const key = parseKey(text.trimEnd(), nodeHasher)
  if (key === undefined) return undefined
  const signer = await openLogSigner(keys, key.name)
  return bytesEqual(signer.publicKey, key.publicKey) ? signer : undefined
}
