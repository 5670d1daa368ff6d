import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testHasher } from '@turnpike/accounting/testing/entries'
import { MemoryLogStore } from '@turnpike/accounting/testing/memory'
import { EPOCHS_LISTED_MAX } from '@turnpike/core/limits/receipts'
import { epochOperations, type EpochsShown } from './operations.ts'
import { recordsOf, sealedEpochs } from './testing/records.ts'
import { quickSigner } from './testing/sealed-log.ts'

const caller = { signal: new AbortController().signal, progress: () => {} }

function operationsOver(count: number) {
  const epochs = recordsOf(['local'])
  epochs.batch(sealedEpochs(0, count))
  const log = new MemoryLogStore()
  const { epochs: list } = epochOperations({ epochs, log, signer: quickSigner, hasher: testHasher })
  return async (params: unknown): Promise<EpochsShown> => {
    const { ok, error } = await list(params, caller)
    if (error !== undefined) throw error
    return ok as EpochsShown
  }
}

test('the hours of the last day are listed, or those from one on, up to a bound', async () => {
  const list = operationsOver(EPOCHS_LISTED_MAX + 30)
  const numbers = async (params: unknown): Promise<number[]> =>
    (await list(params)).epochs.map(({ epoch }) => epoch)
  const last = await numbers({})
  assert.deepEqual([last.length, last[0]], [24, EPOCHS_LISTED_MAX + 6])
  assert.deepEqual(await numbers(undefined), last)
  const most = await numbers({ from: 1 })
  assert.deepEqual([most.length, most[0]], [EPOCHS_LISTED_MAX, 1])
  assert.deepEqual(await numbers({ from: 5000 }), [])
})

test('a log without epochs lists none', async () => {
  const { epochs, open, finalThrough, conflict } = await operationsOver(0)({})
  assert.deepEqual([epochs, open, finalThrough, conflict], [[], null, null, null])
})

test('what is no hour number is refused', async () => {
  const list = operationsOver(1)
  for (const from of [-1, 1.5, '1', null, Number.MAX_VALUE])
    await assert.rejects(list({ from }), { name: 'InvalidParams' })
})
