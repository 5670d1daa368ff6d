/**
 * What a stopped data folder recorded, read from its log and not from any count.
 * @module
 */
import { checkLog } from '@turnpike/accounting/check-log'
import { decodeLogged, LogReader } from '@turnpike/accounting/reader'
import { decodeState } from '@turnpike/accounting/state'
import { READ_FLAGS, type ReadEntry } from '@turnpike/core/log/entry'
import { receiptIdOf } from '@turnpike/core/log/receipt-id'
import { accountingPaths } from '@turnpike/node/accounting/open'
import { nodeHasher } from '@turnpike/node/hasher'
import { FileLogStore } from '@turnpike/node/log/log-store'

const BILLABLE = READ_FLAGS.allowed | READ_FLAGS.content

/** Reads of a log, by what their clients know them as. */
export interface Recorded {
  /** Each entry of a receipt id; more than one is a fault. */
  readonly byReceipt: ReadonlyMap<string, readonly ReadEntry[]>
  /** Reads, coalesced ones counted. */
  readonly reads: number
  /** Of content: what usage counts. */
  readonly bytes: bigint
}

/**
 * Checks a whole log and reads it. Nobody may have the folder open, and `turnpike usage` must have
 * taken the journals into the log before.
 *
 * @throws {LogCorrupt} when the log's own check fails
 */
export async function readLog(data: string): Promise<Recorded> {
  const store = await FileLogStore.open(accountingPaths(data).log)
  try {
    const { error } = await checkLog(store, nodeHasher)
    if (error !== undefined) throw error
    const committed = await store.load()
    const byReceipt = new Map<string, ReadEntry[]>()
    let reads = 0
    let bytes = 0n
    if (committed === undefined) return { byReceipt, reads, bytes }
    const state = decodeState(nodeHasher, committed.bytes)
    const reader = new LogReader(store, nodeHasher, state)
    for await (const run of reader.runs(0, state.size))
      for (const [i, encoded] of run.entries.entries()) {
        const { kind, entry } = decodeLogged(run.first + i, encoded)
        if (kind !== 'read') continue
        const id = receiptIdOf(entry.id, nodeHasher)
        byReceipt.set(id, [...(byReceipt.get(id) ?? []), entry])
        reads += entry.count
        if ((entry.flags & BILLABLE) === BILLABLE) bytes += entry.bytes
      }
    return { byReceipt, reads, bytes }
  } finally {
    store.close()
  }
}
