/**
 * A data folder without a server: operations of its owner, for as long as one command needs them.
 * @module
 */
import { ok, type Result } from '@turnpike/core/result'
import { openAccounting, type AccountingHost } from '../accounting/open.ts'
import { ACCOUNTING_OPERATIONS } from '../accounting/operations.ts'
import type { Settings } from '../config/settings.ts'
import type { OwnedOperations } from '../control/client.ts'
import type { Operation } from '../control/server.ts'
import { openFolder } from '../folder/open.ts'
import { nodeHasher } from '../hasher.ts'
import { nodeClock } from '../runtime.ts'
import { ownerOperations } from './operations.ts'

/**
 * Opens the folder at `root` as its owner, on this thread. Accounting is opened by the first
 * question for it: other commands need not wait until journals are recovered.
 *
 * @param settings what accounting follows; by default what the folder's own file says
 *
 * @returns the error's name is `FolderInUse` while a server runs there
 * @example
 * const usage = await callOrOpen(root, () => openHere(root), 'usage', {})
 */
export async function openHere(
  root: string,
  settings?: Settings,
): Promise<Result<OwnedOperations, Error>> {
  const opened = await openFolder(root, { clock: nodeClock, hasher: nodeHasher })
  if (opened.error) return opened
  const folder = opened.ok
  const origin = `${folder.gateway.did()}/log`
  const accountingFor =
    (find: (accounting: AccountingHost) => Operation): Operation =>
    async (params, call) => {
      const options = settings === undefined ? {} : { settings }
      const accounting = await openAccounting({ dataDir: root, origin, slotsInUse: [], ...options })
      if (accounting.error) return accounting
      try {
        return await find(accounting.ok)(params, call)
      } finally {
        await accounting.ok.close()
      }
    }
  const ofAccounting = ACCOUNTING_OPERATIONS.map((name): [string, Operation] => [
    name,
    accountingFor(({ operations }) => operations[name]!),
  ])
  const operations = {
    ...ownerOperations(folder, nodeClock),
    ...Object.fromEntries(ofAccounting),
  }
  return ok({ operations, close: () => folder.close() })
}
