/**
 * Records of epochs that are made up, for tests.
 * @module
 */
import type { EpochStatement } from '@turnpike/core/ports/anchor'
import type { SealedStatement } from '@turnpike/core/ports/epoch-store'
import { openBilling } from '../../billing/database.ts'
import { SqliteEpochStore } from '../store.ts'

const LOG = { origin: 'gateway.example/log', logId: new Uint8Array(32).fill(9) }

/** Records in memory. */
export function recordsOf(anchors: readonly string[]): SqliteEpochStore {
  return new SqliteEpochStore(openBilling(':memory:').ok!, { ...LOG, anchors })
}

/** Epochs that follow each other, `first` and those after it, five entries each. */
export function sealedEpochs(first: number, count: number): SealedStatement[] {
  return Array.from({ length: count }, (_, i) => {
    const epoch = first + i
    const statement: EpochStatement = {
      ...LOG,
      epoch,
      previousEpoch: epoch === 0 ? null : epoch - 1,
      first: 5 * epoch,
      end: 5 * (epoch + 1),
      root: hashOf(epoch + 1),
      previousRoot: hashOf(epoch),
      sealLeaf: hashOf(epoch + 1_000_000),
      summaryRoot: hashOf(epoch + 2_000_000),
      checkpoint: new TextEncoder().encode(`checkpoint ${epoch}\n`),
    }
    return { statement, sealedMs: epoch * 1000 }
  })
}

function hashOf(n: number): Uint8Array {
  const hash = new Uint8Array(32)
  new DataView(hash.buffer).setUint32(0, n)
  return hash
}
