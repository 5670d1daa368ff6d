/**
 * Accounting's files, open: all of them or none.
 * @module
 */
import { existsSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { CHECKPOINT_PATH, originIn } from '@turnpike/accounting/checkpoint'
import type { NoteSigner } from '@turnpike/core/note/note'
import type { Result } from '@turnpike/core/result'
import { RemadeDomainIndex } from '../analytics/remade-index.ts'
import { openBilling } from '../billing/database.ts'
import { openCatalogReader, openCatalogWriter } from '../catalog/database.ts'
import { FolderEpochFiles } from '../epochs/files.ts'
import { folderPaths } from '../folder/layout.ts'
import { handedEntries } from '../handover/floors.ts'
import { openInbox, type SqliteInbox } from '../inbox/inbox.ts'
import { SqliteLedger } from '../ledger/ledger.ts'
import { FileLogStore } from '../log/log-store.ts'
import { openLogSigner } from '../log/signer.ts'
import { FileReceiptIndex } from '../receipt-index/file-index.ts'
import { Journals } from './journals.ts'
import type { AccountingOptions, AccountingPaths } from './open.ts'

/** The folder's journals, those that a killed process left recovered. */
export async function openJournals(
  { journals: directory }: AccountingPaths,
  slotsInUse: AccountingOptions['slotsInUse'],
): Promise<Journals> {
  const journals = new Journals(directory)
  if (slotsInUse !== 'all') await journals.recover(new Set(slotsInUse))
  return journals
}

/** The name that checkpoints of a log have: the gateway may have got another key since. */
async function nameOf(store: FileLogStore): Promise<string | undefined> {
  const checkpoint = await store.get(CHECKPOINT_PATH)
  return checkpoint && originIn(checkpoint)
}

/** Files of accounting, open. */
export interface OpenedFiles {
  readonly signer: NoteSigner
  readonly store: FileLogStore
  readonly epochFiles: FolderEpochFiles
  readonly receipts: FileReceiptIndex
  readonly journals: Journals
  /** Entries of each journal that were handed on to another host before. */
  readonly handed: ReadonlyMap<string, number>
  readonly domains: RemadeDomainIndex
  readonly ledger: SqliteLedger
  readonly inbox: SqliteInbox
  readonly billing: DatabaseSync
  readonly catalog: DatabaseSync
  close(): void
}

/** Opens files one by one, so that those before one that fails can be given back. */
export class OpenFiles {
  readonly #open: { close(): void }[] = []

  async open(
    { dataDir, slotsInUse, origin }: AccountingOptions,
    paths: AccountingPaths,
  ): Promise<OpenedFiles> {
    const store = this.#keep(await FileLogStore.open(paths.log))
    const journals = await openJournals(paths, slotsInUse)
    const handed = await handedEntries(paths.handed, await journals.sources())
    return {
      signer: await openLogSigner(folderPaths(dataDir).keys, (await nameOf(store)) ?? origin),
      store,
      epochFiles: await FolderEpochFiles.open(paths.receipts),
      receipts: this.#keep(await FileReceiptIndex.open(paths.receiptIndex)),
      journals,
      handed,
      domains: this.#keep(new RemadeDomainIndex(paths.domains)),
      ledger: this.#keep(new SqliteLedger(paths.ledger)),
      inbox: this.#keep(openInbox(paths.inbox)),
      billing: this.#keep(need(openBilling(paths.billing))),
      catalog: this.#keep(need(catalogOf(dataDir))),
      close: () => this.close(),
    }
  }

  close(): void {
    for (const file of this.#open.splice(0).toReversed()) file.close()
  }

  #keep<T extends { close(): void }>(file: T): T {
    this.#open.push(file)
    return file
  }
}

/** A folder that holds only journals and a log has an empty catalog. */
function catalogOf(dataDir: string): ReturnType<typeof openCatalogReader> {
  const { database } = folderPaths(dataDir)
  return existsSync(database) ? openCatalogReader(database) : openCatalogWriter(':memory:')
}

function need<T extends NonNullable<unknown>>(result: Result<T, Error>): T {
  if (result.error) throw result.error
  return result.ok
}
