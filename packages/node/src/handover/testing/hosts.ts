/**
 * Folders of hosts that hand on to one another, for tests.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { groupOf } from '@turnpike/accounting/testing/entries'
import type { ReadEntry } from '@turnpike/core/log/entry'
import { accountingPaths, openAccounting, type OpenedAccounting } from '../../accounting/open.ts'
import type { HandTo } from '../../config/handover.ts'
import { loadKey } from '../../folder/keys.ts'
import { openJournal } from '../../journal/journal.ts'
import { type Deployment, testFolder, testSettings } from '../../testing/deployment.ts'

/** A folder whose gateway has its key before it is ever started. */
export interface HostFolder {
  readonly path: string
  readonly did: string
  remove(): Promise<void>
}

/** A new folder with a key. */
export async function hostFolder(): Promise<HostFolder> {
  const folder = await testFolder()
  const keys = join(folder.path, 'keys')
  await mkdir(keys)
  return { ...folder, did: (await loadKey(keys, 'gateway')).did() }
}

/** Adds a file of so many bytes, and the URL where it is served. */
export async function addFile(deployment: Deployment, bytes: number): Promise<string> {
  const file = join(deployment.data, `${bytes}.bin`)
  await writeFile(file, new Uint8Array(bytes).fill(bytes))
  const added = await deployment.add([file])
  return `${deployment.url}/ipfs/${added.roots[0]!.cid}`
}

/** A host without a port: its journal, and accounting that hands on or counts. */
export interface LightHost {
  /** Records so many reads of 1,000 bytes each, durably. */
  read(count: number, fields?: Partial<ReadEntry>): Promise<void>
  readonly accounting: OpenedAccounting
  close(): Promise<void>
}

/** Opens a host on a folder, which hands on to `handTo` or counts itself. */
export async function lightHost(folder: HostFolder, handTo?: HandTo): Promise<LightHost> {
  const { journals } = accountingPaths(folder.path)
  const opened = await openJournal({
    folder: join(journals, '0'),
    fileBytes: 2 << 20,
    reserveBytes: 0,
    onFailure(error) {
      throw error
    },
  })
  if (opened.error !== undefined) throw opened.error
  const journal = opened.ok
  const settings = testSettings(folder.path, { handTo, allowPrivateOrigins: true })
  const options = { dataDir: folder.path, origin: 'o', slotsInUse: ['0'], settings }
  const accounting = await openAccounting(options)
  if (accounting.error !== undefined) throw accounting.error
  return {
    accounting: accounting.ok,
    async read(count, fields = {}) {
      for (let n = 0; n < count; n++) {
        const own = { id: randomBytes(16), bytes: 1000n, provider: folder.did }
        journal.admit()!.end(groupOf(n, { ...own, ...fields }))
      }
      await journal.flush()
    },
    async close() {
      await accounting.ok.close()
      await journal.close()
    },
  }
}
