/**
 * A data folder whose hours pass as fast as it can write, with a chain beside it that survives.
 * @module
 */
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { EpochKeeper } from '@turnpike/accounting/epochs/keeper'
import { epochGuard } from '@turnpike/accounting/epochs/guard'
import { logIdOf } from '@turnpike/accounting/epochs/statements'
import { Sequencer } from '@turnpike/accounting/sequencer'
import { groupOf, testRandom } from '@turnpike/accounting/testing/entries'
import { MemoryJournal, TestClock } from '@turnpike/accounting/testing/memory'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import type { Anchor } from '@turnpike/core/ports/anchor'
import { ok } from '@turnpike/core/result'
import { accountingPaths } from '../../accounting/open.ts'
import { openBilling } from '../../billing/database.ts'
import { SqliteCreditIssuer } from '../../credits/issuer.ts'
import { folderPaths } from '../../folder/layout.ts'
import { nodeHasher } from '../../hasher.ts'
import { FileLogStore } from '../../log/log-store.ts'
import { openLogSigner } from '../../log/signer.ts'
import { nodeVerifier } from '../../names/verifier.ts'
import { FolderEpochFiles } from '../files.ts'
import { SqliteEpochStore } from '../store.ts'

const FIRST_EPOCH = 490_000

/** A folder's epochs, and how to let them go on. */
export interface KillWorld {
  readonly epochs: SqliteEpochStore
  readonly billing: DatabaseSync
  /** An hour passes, with a read in it. */
  hour(): Promise<void>
  /** One step of the keeper. */
  step(): Promise<void>
  close(): void
}

/** Opens the folder as the process before left it. */
export async function openKillWorld(dataDir: string): Promise<KillWorld> {
  const paths = accountingPaths(dataDir)
  const store = await FileLogStore.open(paths.log)
  const billing = openBilling(paths.billing).ok!
  const signer = await openLogSigner(folderPaths(dataDir).keys, 'kill.example/log')
  const files = await FolderEpochFiles.open(paths.receipts)
  const logId = logIdOf(signer, nodeHasher)
  const epochs = new SqliteEpochStore(billing, { origin: signer.name, logId, anchors: ['chain'] })
  const chain = new DatabaseSync(join(dataDir, 'chain.sqlite'))
  const ports = { signer, verifier: nodeVerifier, hasher: nodeHasher }
  const newest = epochs.last()?.statement.epoch ?? FIRST_EPOCH
  const clock = new TestClock((newest + 2) * EPOCH_MS)
  const journal = new MemoryJournal(String(process.pid))
  const sequencer = new Sequencer({
    store,
    journals: () => [journal],
    clock,
    random: testRandom(),
    guard: epochGuard({ epochs, files, ...ports }),
    ...ports,
  })
  const keeper = new EpochKeeper({
    store: epochs,
    files,
    log: store,
    anchors: [fileChain(chain)],
    every: 'hour',
    credits: new SqliteCreditIssuer(billing),
    clock,
    ...ports,
  })
  let reads = 0
  const round = async () => {
    const { ok: done, error } = await sequencer.round()
    if (error !== undefined) throw error
    return done
  }
  return {
    epochs,
    billing,
    async hour() {
      journal.append(groupOf(reads++))
      await round()
      clock.pass(EPOCH_MS)
    },
    async step() {
      const { error } = await keeper.step((await round()).state)
      if (error !== undefined) throw error
    },
    close() {
      for (const file of [store, billing, chain]) file.close()
    },
  }
}

/** An anchor that takes each epoch once, and holds it for good two questions later. */
function fileChain(database: DatabaseSync): Anchor {
  database.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS chain (epoch INTEGER PRIMARY KEY, root BLOB, asked INTEGER)
  `)
  return {
    name: 'chain',
    epochsMax: 3,
    async prepare(epochs) {
      return ok({ epochs: epochs.map(({ epoch }) => epoch), bytes: new Uint8Array(8) })
    },
    async submit(_, epochs) {
      const insert = database.prepare('INSERT OR IGNORE INTO chain VALUES (?, ?, 0)')
      for (const { epoch, root } of epochs) insert.run(epoch, root)
      return ok({})
    },
    async standing(_, epochs) {
      const { epoch } = epochs.at(-1)!
      const row = database
        .prepare('UPDATE chain SET asked = asked + 1 WHERE epoch = ? RETURNING asked')
        .get(epoch)
      if (row === undefined) return ok({ kind: 'waiting' })
      const kind = Number(row['asked']) > 2 ? 'final' : 'anchored'
      return ok({ kind, proof: { kind: 'chain', epoch } })
    },
  }
}
