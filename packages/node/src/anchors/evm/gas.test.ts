/**
 * What calls of the contract cost, on a real node: the table of docs/operating/anchors.md.
 * @module
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { EVM_EPOCHS_MAX } from '@turnpike/core/limits/evm'
import { ANCHOR_INTENT_BYTES_MAX } from '@turnpike/core/limits/receipts'
import { nodeHash } from '@turnpike/core/merkle/hash'
import type { EpochStatement } from '@turnpike/core/ports/anchor'
import { bytesToHex, encodeFunctionData, parseAbi } from 'viem'
import { nodeHasher } from '../../hasher.ts'
import { anchorCall } from './chain.ts'
import { decodeIntent } from './intent.ts'
import { contractLog } from './registration.ts'
import { mine, noAnvil } from './testing/anvil.ts'
import { deployed, need, statements, type Deployed } from './testing/deployed.ts'

const DOCS = resolve(import.meta.dirname, '../../../../../docs/operating/anchors.md')
/** Zero bytes cost less, so that figures differ by hashes, addresses and signatures. */
const TOLERANCE = 0.01

/** Rows of the table: what is called, and its gas. */
function documented(): Map<string, number> {
  const rows = readFileSync(DOCS, 'utf8').matchAll(/^\| (.+?) +\| +([\d,]+) \|$/gm)
  return new Map(Array.from(rows, ([, name, gas]) => [name!, Number(gas!.replaceAll(',', ''))]))
}

async function anchorGas(
  { anvil, anchor }: Deployed,
  epochs: readonly EpochStatement[],
): Promise<bigint> {
  const intent = need(await anchor.prepare(epochs))
  assert.ok(intent.bytes.length <= ANCHOR_INTENT_BYTES_MAX, String(intent.bytes.length))
  need(await anchor.submit(intent))
  await mine(anvil)
  const [hash] = decodeIntent(intent.bytes).transactions
  return (await anvil.client.getTransactionReceipt({ hash: hash! })).gasUsed
}

/** Gas of a proof of 30 hashes, as a transaction: that of a leaf among a billion. */
function inclusionGas({ anvil, contract, registration }: Deployed): Promise<bigint> {
  const leaf: Uint8Array = new Uint8Array(32).fill(7)
  const proof = Array.from({ length: 30 }, (_, at): Uint8Array => new Uint8Array(32).fill(at + 1))
  const root = proof.reduce((left, right) => nodeHash(nodeHasher, left, right), leaf)
  const abi = parseAbi([
    'function verifyInclusion(uint64, uint64, bytes32, bytes32[], bytes32) pure returns (bool)',
  ])
  const hashes = proof.map((hash) => bytesToHex(hash))
  const args = [0n, 2n ** 30n, bytesToHex(leaf), hashes, bytesToHex(root)] as const
  const data = encodeFunctionData({ abi, functionName: 'verifyInclusion', args })
  return anvil.client.estimateGas({ account: registration.registrant, to: contract, data })
}

test('calls cost what the docs say; a full transaction fits', { skip: noAnvil }, async (t) => {
  const one = await deployed(t)
  const { anvil, gas, registration, contract } = one
  const epochs = statements(2 + 24 + EVM_EPOCHS_MAX)
  assert.equal(one.anchor.epochsMax, EVM_EPOCHS_MAX)
  const measured = new Map<string, bigint>([
    ['deploy the contract, once for everybody', gas.deploy],
    ['register a log, once', gas.register],
    ['anchor a log’s first hour', await anchorGas(one, epochs.slice(0, 1))],
    ['anchor an hour', await anchorGas(one, epochs.slice(1, 2))],
    ['anchor 24 hours at once', await anchorGas(one, epochs.slice(2, 26))],
    [`anchor ${EVM_EPOCHS_MAX} hours at once`, await anchorGas(one, epochs.slice(26))],
  ])
  const data = anchorCall(contractLog(registration), epochs.slice(1, 2), false)
  const repeat = { account: registration.registrant, to: contract, data }
  measured.set('send an hour again', await anvil.client.estimateGas(repeat))
  measured.set('check a proof among 2³⁰ leaves', await inclusionGas(one))
  const docs = documented()
  for (const [name, found] of measured) {
    t.diagnostic(`| ${name} | ${found.toLocaleString('en')} |`)
    const said = docs.get(name)
    assert.ok(said !== undefined, `docs expected a row "${name}"`)
    assert.ok(Math.abs(Number(found) - said) <= TOLERANCE * said, `${name}: ${said}, got ${found}`)
  }
})
