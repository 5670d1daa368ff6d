/** Epochs in a contract on a real node: all that can happen to a transaction. @module */
import assert from 'node:assert/strict'
import { mkdir, rm, stat } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import type { AnchorIntent, AnchorStanding, EpochStatement } from '@turnpike/core/ports/anchor'
import { parseTransaction, type Hex } from 'viem'
import { folderPaths } from '../../folder/layout.ts'
import type { EvmAnchor } from './anchor.ts'
import { decodeIntent } from './intent.ts'
import { evmStatus } from './manage.ts'
import { readRegistration, writeRegistration } from './registration.ts'
import { FINAL_AFTER, mine, noAnvil, reorganise } from './testing/anvil.ts'
import { deployed, need, statements } from './testing/deployed.ts'

const skip = noAnvil

async function send(
  anchor: EvmAnchor,
  epochs: readonly EpochStatement[],
  replaced?: AnchorIntent,
): Promise<AnchorIntent> {
  const intent = need(await anchor.prepare(epochs, replaced))
  need(await anchor.submit(intent))
  return intent
}

async function kindOf(
  anchor: EvmAnchor,
  intent: AnchorIntent,
  epochs: readonly EpochStatement[],
): Promise<AnchorStanding['kind']> {
  return need(await anchor.standing(intent, epochs)).kind
}

function hashOf(intent: AnchorIntent): Hex {
  return decodeIntent(intent.bytes).transactions[0]!
}

test(
  'epochs are waited for, anchored, reorganised away, anchored again, final',
  { skip },
  async (t) => {
    const { anvil, anchor, contract, registration } = await deployed(t)
    const { client } = anvil
    const epochs = statements(3)
    const intent = need(await anchor.prepare(epochs))
    assert.deepEqual(intent.epochs, [491_000, 491_001, 491_002])
    assert.equal(await kindOf(anchor, intent, epochs), 'waiting', 'nothing was sent yet')
    need(await anchor.submit(intent))
    need(await anchor.submit(intent))
    assert.equal(await kindOf(anchor, intent, epochs), 'waiting', 'it is in no block yet')
    await mine(anvil)
    const anchored = need(await anchor.standing(intent, epochs))
    assert.equal(anchored.kind, 'anchored')
    const block = await client.getBlock()
    assert.deepEqual('proof' in anchored && anchored.proof, {
      kind: 'evm',
      chainId: 31_337,
      genesis: (await client.getBlock({ blockNumber: 0n })).hash,
      contract,
      registrant: registration.registrant,
      claim: registration.claim,
      time: Number(block.timestamp),
      block: Number(block.number),
      transaction: hashOf(intent),
    })

    await reorganise(anvil, 1)
    const undone = await kindOf(anchor, intent, epochs)
    assert.ok(undone === 'waiting' || undone === 'lost', undone)
    need(await anchor.submit(intent))
    await mine(anvil)
    assert.equal(await kindOf(anchor, intent, epochs), 'anchored')
    await mine(anvil, FINAL_AFTER)
    assert.equal(await kindOf(anchor, intent, epochs), 'anchored', 'its own block is final')
    await mine(anvil)
    assert.equal(await kindOf(anchor, intent, epochs), 'final')
  },
)

test('a transaction that all nodes gave up is sent again as it is', { skip }, async (t) => {
  const { anvil, anchor } = await deployed(t)
  const epochs = statements(1)
  const intent = await send(anchor, epochs)
  await anvil.client.dropTransaction({ hash: hashOf(intent) })
  await mine(anvil)
  assert.equal(await kindOf(anchor, intent, epochs), 'waiting')
  need(await anchor.submit(intent))
  await mine(anvil)
  assert.equal(await kindOf(anchor, intent, epochs), 'anchored')
})

test(
  'what waits for too long is replaced for a higher fee; either may come',
  { skip },
  async (t) => {
    const { anvil, anchor } = await deployed(t)
    const epochs = statements(2)
    const first = await send(anchor, epochs)
    // Blocks whose fee it does not offer pass it by.
    const { baseFeePerGas } = await anvil.client.getBlock()
    await anvil.client.setNextBlockBaseFeePerGas({ baseFeePerGas: baseFeePerGas! * 10n })
    await mine(anvil, 1, 181)
    assert.equal(await kindOf(anchor, first, epochs), 'stuck')
    const second = await send(anchor, epochs, first)
    const [before, after] = [first, second].map(
      (intent) =>
        parseTransaction(decodeIntent(intent.bytes).signed!.raw) as { nonce: number } & {
          maxFeePerGas: bigint
          maxPriorityFeePerGas: bigint
        },
    )
    assert.equal(after!.nonce, before!.nonce)
    assert.ok(after!.maxFeePerGas >= (before!.maxFeePerGas * 110n) / 100n)
    assert.ok(after!.maxPriorityFeePerGas >= (before!.maxPriorityFeePerGas * 110n) / 100n)
    assert.equal(await kindOf(anchor, second, epochs), 'waiting', 'its time begins anew')
    assert.deepEqual(decodeIntent(second.bytes).transactions, [hashOf(second), hashOf(first)])

    await anvil.client.dropTransaction({ hash: hashOf(second) })
    await anvil.client.setNextBlockBaseFeePerGas({ baseFeePerGas: baseFeePerGas! })
    need(await anchor.submit(first))
    await mine(anvil)
    const standing = need(await anchor.standing(second, epochs))
    assert.equal('proof' in standing && standing.proof['transaction'], hashOf(first))
  },
)

test('a nonce that another transaction took needs a new intent', { skip }, async (t) => {
  const { anvil, anchor, registration } = await deployed(t)
  const epochs = statements(1)
  const intent = await send(anchor, epochs)
  await anvil.client.dropTransaction({ hash: hashOf(intent) })
  const from = registration.registrant
  await anvil.client.impersonateAccount({ address: from })
  await anvil.client.request({
    method: 'eth_sendTransaction',
    params: [{ from, to: from }],
  } as never)
  await mine(anvil)
  assert.equal(await kindOf(anchor, intent, epochs), 'lost')
  need(await anchor.submit(intent))
  const next = await send(anchor, epochs, intent)
  assert.equal(decodeIntent(next.bytes).signed!.nonce, decodeIntent(intent.bytes).signed!.nonce + 1)
  await mine(anvil)
  assert.equal(await kindOf(anchor, next, epochs), 'anchored')
})

test('a gap of nonces before it is filled at once', { skip }, async (t) => {
  const { anvil, anchor, registration } = await deployed(t)
  const epochs = statements(1)
  const from = registration.registrant
  await anvil.client.impersonateAccount({ address: from })
  const foreign = await anvil.client.request({
    method: 'eth_sendTransaction',
    params: [{ from, to: from }],
  } as never)
  const intent = await send(anchor, epochs)
  assert.equal(await kindOf(anchor, intent, epochs), 'waiting')
  await anvil.client.dropTransaction({ hash: foreign as Hex })
  assert.equal(await kindOf(anchor, intent, epochs), 'stuck')
  const next = await send(anchor, epochs, intent)
  assert.equal(decodeIntent(next.bytes).signed!.nonce, decodeIntent(intent.bytes).signed!.nonce - 1)
  await mine(anvil)
  assert.equal(await kindOf(anchor, next, epochs), 'anchored')
})

test('two submitters of one folder do no harm, in any order', { skip }, async (t) => {
  const { anvil, anchor, again } = await deployed(t)
  const other = again()
  const epochs = statements(4)
  const [one, two, three] = [epochs.slice(0, 2), epochs.slice(0, 3), epochs.slice(2)]
  const first = await send(anchor, one)
  const second = await send(other, two)
  await mine(anvil)
  assert.equal(await kindOf(anchor, first, one), 'anchored')
  assert.equal(await kindOf(other, second, two), 'anchored')
  assert.equal(await kindOf(anchor, second, two), 'anchored', 'whoever asks')
  const third = await send(anchor, three)
  await mine(anvil)
  assert.equal(await kindOf(anchor, third, three), 'anchored', 'what is there is passed over')
  const repeated = need(await other.prepare(epochs))
  assert.equal(decodeIntent(repeated.bytes).signed, undefined, 'nothing needs to be sent')
  need(await other.submit(repeated))
  assert.equal(await kindOf(other, repeated, epochs), 'anchored')
  await reorganise(anvil, 2)
  assert.notEqual(await kindOf(other, repeated, epochs), 'anchored')
})

test('another log in the same place is a conflict, and nothing is sent', { skip }, async (t) => {
  const { anvil, anchor } = await deployed(t)
  const epochs = statements(3)
  const intent = await send(anchor, epochs.slice(0, 2))
  await mine(anvil)
  const forked = [epochs[0]!, { ...epochs[1]!, root: epochs[2]!.root }]
  assert.equal((await anchor.prepare(forked)).error?.name, 'AnchorConflict')
  assert.equal((await anchor.standing(intent, forked)).error?.name, 'AnchorConflict')
  const behind = { ...epochs[1]!, epoch: epochs[1]!.epoch + 5 }
  assert.match(String((await anchor.prepare([behind])).error), /AnchorConflict: .* 200 entries/)
  const ahead = { ...epochs[2]!, first: 300, end: 400 }
  assert.match(String((await anchor.prepare([ahead])).error), /AnchorUnavailable: .* before/)
})

test('a log shorter than the contract says is found before one is due', { skip }, async (t) => {
  const { anvil, anchor } = await deployed(t)
  const epochs = statements(3)
  assert.equal((await anchor.check(epochs[0]!, 0)).error, undefined, 'nothing is there')
  await send(anchor, epochs.slice(0, 2))
  await mine(anvil)
  assert.equal((await anchor.check(epochs[1]!, 200)).error, undefined)
  const { error } = await anchor.check(epochs[0]!, 199)
  assert.match(String(error), /AnchorConflict: .* 200 entries, epoch \d+, the log has 199/)
  const forked = await anchor.check({ ...epochs[1]!, root: epochs[0]!.root }, 200)
  assert.equal(forked.error?.name, 'AnchorConflict', 'its newest epoch is another')
})

test(
  'after its first epoch was undone a log begins there again, nowhere else',
  { skip },
  async (t) => {
    const { anvil, anchor, again } = await deployed(t)
    const epochs = statements(3)
    const [first, later] = [epochs.slice(1, 2), epochs.slice(2)]
    await send(anchor, first)
    await mine(anvil)
    const intent = await send(anchor, later)
    await reorganise(anvil, 1)
    await mine(anvil, 2)
    assert.match(String((await again().prepare(later)).error), /AnchorUnavailable: .* not there/)
    const next = await send(again(), first)
    await mine(anvil)
    assert.equal(await kindOf(anchor, next, first), 'anchored')
    assert.notEqual(await kindOf(anchor, intent, later), 'anchored')
  },
)

test('another chain, or one begun anew, is not gone on with', { skip }, async (t) => {
  const { anchor, again, registration, dataDir } = await deployed(t)
  const intent = need(await anchor.prepare(statements(1)))
  for (const wrong of [
    { ...registration, genesis: registration.contract.padEnd(66, '0') as Hex },
    { ...registration, chainId: 1 },
    { ...registration, contract: registration.registrant },
  ]) {
    await writeRegistration(dataDir, wrong)
    assert.deepEqual(await readRegistration(dataDir), wrong)
    const { error } = await again().submit(intent)
    assert.match(String(error), /AnchorUnavailable: evm: expected (chain|a contract)/)
  }
})

test('a fee above the bound is not offered', { skip }, async (t) => {
  const { again } = await deployed(t)
  const poor = again({ feeMax: 1n })
  assert.match(String((await poor.prepare(statements(1))).error), /evmFeeGweiMax/)
})

test('what offers the most that may be paid is sent again as it is', { skip }, async (t) => {
  const { anvil, anchor, again } = await deployed(t)
  const epochs = statements(1)
  const { maxFeePerGas } = decodeIntent(need(await anchor.prepare(epochs)).bytes).signed!.fees
  const frugal = again({ feeMax: maxFeePerGas })
  const first = await send(frugal, epochs)
  await anvil.client.dropTransaction({ hash: hashOf(first) })
  await mine(anvil, 1, 181)
  assert.equal(await kindOf(frugal, first, epochs), 'stuck')
  const second = await send(frugal, epochs, first)
  assert.deepEqual(decodeIntent(second.bytes).signed, decodeIntent(first.bytes).signed)
  assert.deepEqual(decodeIntent(second.bytes).transactions, [hashOf(first)])
  await mine(anvil)
  assert.equal(await kindOf(frugal, second, epochs), 'anchored')
})

test('the key of a log that is registered is not made anew', { skip }, async (t) => {
  const { dataDir, again, anvil } = await deployed(t)
  const path = join(folderPaths(dataDir).keys, 'anchor-evm.key')
  await rm(path)
  assert.match(String((await again().prepare(statements(1))).error), /evm: .* restore it/)
  assert.match(String((await evmStatus({ dataDir, rpc: anvil.rpc })).error), /restore it/)
  await assert.rejects(stat(path), { code: 'ENOENT' })
  await mkdir(path)
  assert.equal((await again().prepare(statements(1))).error?.name, 'AnchorUnavailable')
})

test('a node that is away or silent is told, without its address', { skip }, async (t) => {
  const { anvil, anchor, again } = await deployed(t)
  const intent = await send(anchor, statements(1))
  await anvil.stop()
  const silent = createServer().listen(0)
  t.after(() => silent.close())
  const { port } = silent.address() as AddressInfo
  const stopped = again({ rpc: `http://127.0.0.1:${port}`, signal: AbortSignal.timeout(50) })
  for (const away of [anchor, stopped]) {
    const { error } = await away.standing(intent, statements(1))
    assert.equal(error?.name, 'AnchorUnavailable')
    assert.ok(!/127\.0\.0\.1/.test(error.message), 'the address may have a secret in it')
  }
})
