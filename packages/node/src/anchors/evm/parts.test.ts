/** What the anchor stores, offers and keeps. @module */
import assert from 'node:assert/strict'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { EVM_REPLACEMENTS_MAX } from '@turnpike/core/limits/evm'
import fc from 'fast-check'
import { makeDirectory } from '../../durable.ts'
import { feesFor } from './fees.ts'
import { decodeIntent, encodeIntent } from './intent.ts'
import { openEvmKey } from './key.ts'
import { readRegistration, registrationPath, writeRegistration } from './registration.ts'

const HASH = `0x${'ab'.repeat(32)}` as const
const ADDRESS = `0x${'cd'.repeat(20)}` as const

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'turnpike-evm-'))
  t.after(() => rm(path, { recursive: true }))
  return path
}

test('a fee covers what is asked, tops what it replaces, and stays below its bound', () => {
  const wei = fc.bigInt({ min: 0n, max: 10n ** 13n })
  const before = fc.option(fc.record({ maxFeePerGas: wei, maxPriorityFeePerGas: wei }))
  fc.assert(
    fc.property(wei, wei, before, wei, (baseFeePerGas, tipPerGas, replaced, feeMax) => {
      const market = { baseFeePerGas, tipPerGas }
      const fees = feesFor(market, { before: replaced ?? undefined, feeMax })
      if (fees === undefined) return
      const { maxFeePerGas, maxPriorityFeePerGas } = fees
      assert.ok(maxFeePerGas <= feeMax && maxFeePerGas >= baseFeePerGas)
      assert.ok(maxPriorityFeePerGas <= maxFeePerGas && maxPriorityFeePerGas >= tipPerGas)
      if (replaced === null) return
      // What geth asks of a replacement: a tenth more of both.
      assert.ok(maxFeePerGas * 10n >= replaced.maxFeePerGas * 11n)
      assert.ok(maxPriorityFeePerGas * 10n >= replaced.maxPriorityFeePerGas * 11n)
    }),
  )
  const market = { baseFeePerGas: 10n, tipPerGas: 1n }
  const offered = { maxFeePerGas: 21n, maxPriorityFeePerGas: 1n }
  assert.deepEqual(feesFor(market, { feeMax: 100n }), offered)
  assert.equal(feesFor(market, { feeMax: 9n }), undefined, 'less than the base fee')
  const topped = { maxFeePerGas: 25n, maxPriorityFeePerGas: 2n }
  assert.deepEqual(feesFor(market, { before: offered, feeMax: 25n }), topped)
  assert.equal(feesFor(market, { before: offered, feeMax: 24n }), undefined)
})

test('an intent is read as it was written, with its newest transactions', () => {
  const base = { log: HASH, contract: ADDRESS, chainId: 1, block: 2n ** 60n, time: 5n }
  const fees = { maxFeePerGas: 2n ** 70n, maxPriorityFeePerGas: 1n }
  const transactions = Array.from({ length: EVM_REPLACEMENTS_MAX }, () => HASH)
  for (const intent of [
    { ...base, transactions: [] },
    { ...base, transactions, signed: { raw: '0x02' as const, nonce: 7, fees } },
  ])
    assert.deepEqual(decodeIntent(encodeIntent(intent)), intent)
  const more = { ...base, transactions: [`0x${'00'.repeat(32)}` as const, ...transactions] }
  const kept = decodeIntent(encodeIntent(more)).transactions
  assert.deepEqual(kept, more.transactions.slice(0, EVM_REPLACEMENTS_MAX))
  assert.throws(() => decodeIntent(new Uint8Array([1])), TypeError)
  assert.throws(() => decodeIntent(new TextEncoder().encode('{"block":"x"}')), TypeError)
})

test('a key is made once, for its owner’s eyes; a damaged one is refused', async (t) => {
  const keys = join(await folder(t), 'keys')
  const { address } = await openEvmKey(keys)
  assert.equal((await openEvmKey(keys)).address, address)
  const path = join(keys, 'anchor-evm.key')
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  for (const damaged of ['', 'key', '0x12', `0x${'00'.repeat(32)}`]) {
    await writeFile(path, damaged)
    await assert.rejects(openEvmKey(keys), (error: Error) => {
      assert.equal(error.name, 'EvmKeyDamaged')
      return error.cause === undefined
    })
  }
})

test('where a log is anchored is read as it was written; anything else is refused', async (t) => {
  const dataDir = await folder(t)
  assert.equal(await readRegistration(dataDir), undefined)
  const place = { chainId: 1, genesis: HASH, contract: ADDRESS, registrant: ADDRESS }
  const registration = { ...place, logId: HASH, claim: 'AA==' }
  for (const one of [registration, { ...registration, start: 0 }]) {
    await writeRegistration(dataDir, one)
    assert.deepEqual(await readRegistration(dataDir), one)
  }
  const path = registrationPath(dataDir)
  await makeDirectory(dirname(path))
  for (const text of ['', 'null', '{}', JSON.stringify({ ...registration, contract: HASH })]) {
    await writeFile(path, text)
    await assert.rejects(readRegistration(dataDir), { name: 'RegistrationDamaged' })
  }
})
