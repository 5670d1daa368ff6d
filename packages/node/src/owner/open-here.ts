/**
 * A data folder without a server: operations of its owner, for as long as one command needs them.
 * @module
 */
import { ok, type Result } from '@turnpike/core/result'
import { openAccounting } from '../accounting/open.ts'
import type { OwnedOperations } from '../control/client.ts'
import type { Operation } from '../control/server.ts'
import { openFolder } from '../folder/open.ts'
import { nodeHasher } from '../hasher.ts'
import { nodeClock } from '../runtime.ts'
import { usageOperation } from '../serve/usage-operation.ts'
import { ownerOperations } from './operations.ts'

/**
 * Opens the folder at `root` as its owner, on this thread. Accounting is opened by the first
 * question about usage: other commands need not wait until journals are recovered.
 *
 * @returns the error's name is `FolderInUse` while a server runs there
 * @example
 * const usage = await callOrOpen(root, () => openHere(root), 'usage', {})
 */
export async function openHere(root: string): Promise<Result<OwnedOperations, Error>> {
  const opened = await openFolder(root, { clock: nodeClock, hasher: nodeHasher })
  if (opened.error) return opened
  const folder = opened.ok
  const usage: Operation = async (params, call) => {
    const origin = `${folder.gateway.did()}/log`
    const accounting = await openAccounting({ dataDir: root, origin, slotsInUse: [] })
    if (accounting.error) return accounting
    try {
      return await usageOperation(accounting.ok, async () => {})(params, call)
    } finally {
      await accounting.ok.close()
    }
  }
  const operations = { ...ownerOperations(folder, nodeClock), usage }
  return ok({ operations, close: () => folder.close() })
}
