/**
 * The auditor's own reading of the contract, and the contract's own check of our proofs.
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkAnchored, isClaimed, registrantsOf } from '../../../../audit/src/evm-chain.ts'
import { askChain } from '../../../../audit/src/monitor/chain.ts'
import { nodeCrypto } from '../../../../audit/src/node-crypto.ts'
import { leafHash, nodeHash } from '@turnpike/core/merkle/hash'
import { splitOf } from '@turnpike/core/merkle/node'
import { inclusionSpans } from '@turnpike/core/merkle/proof'
import {
  bytesToHex,
  createPublicClient,
  createWalletClient,
  hexToBytes,
  http,
  parseAbi,
  zeroHash,
  type Hex,
} from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { nodeHasher } from '../../hasher.ts'
import { ANCHOR_ABI } from './abi.ts'
import { setOperator } from './manage.ts'
import { claimOf, contractLog } from './registration.ts'
import { FINAL_AFTER, fund, mine, noAnvil } from './testing/anvil.ts'
import { deployed, need, statements } from './testing/deployed.ts'

const skip = noAnvil

test('an auditor finds what is anchored, and what is not', { skip }, async (t) => {
  const { anvil, anchor, contract, registration, signer } = await deployed(t)
  const { registrant, claim, chainId } = registration
  const log = { logId: hexToBytes(registration.logId), registrant }
  const epochs = statements(5)
  const [before, after] = [epochs.slice(0, 3), epochs.slice(3, 4)]
  const ask = async (asked = epochs): Promise<readonly string[]> =>
    (await checkAnchored({ rpcs: [anvil.rpc], contract, chainId }, log, asked)).map(
      ({ kind }) => kind,
    )
  need(await anchor.submit(need(await anchor.prepare(before))))
  await mine(anvil)
  await mine(anvil, FINAL_AFTER + 1)
  need(await anchor.submit(need(await anchor.prepare(after))))
  await mine(anvil)
  assert.deepEqual(await ask(), ['final', 'final', 'final', 'notFinal', 'missing'])
  const forked = epochs.with(1, { ...epochs[1]!, sealLeaf: epochs[0]!.sealLeaf })
  assert.deepEqual(await ask(forked), ['final', 'different', 'final', 'notFinal', 'missing'])

  const wrongChain = { rpcs: [anvil.rpc], contract, chainId: 1 }
  assert.equal((await checkAnchored(wrongChain, log, epochs))[0]!.kind, 'unknown')
  const both = { rpcs: [anvil.rpc, 'http://127.0.0.1:1/'], contract }
  assert.equal((await checkAnchored(both, log, epochs))[0]!.kind, 'unknown', 'the worst counts')
  const nothing = { rpcs: [anvil.rpc], contract: registrant }
  assert.equal((await checkAnchored(nothing, log, epochs))[0]!.kind, 'unknown')

  const said = { chainId, contract, registrant, claim }
  assert.ok(isClaimed(said, signer.publicKey, nodeCrypto))
  assert.ok(!isClaimed({ ...said, chainId: 1 }, signer.publicKey, nodeCrypto))
  assert.ok(!isClaimed({ ...said, registrant: contract }, signer.publicKey, nodeCrypto))
})

test(
  'whoever registers another’s log gets a place of their own; two by its word alarm',
  { skip },
  async (t) => {
    const { anvil, anchor, contract, registration, signer } = await deployed(t)
    const squatter = privateKeyToAccount(generatePrivateKey())
    await fund(anvil, squatter.address)
    const wallet = createWalletClient({ account: squatter, transport: http(anvil.rpc) })
    const claim = bytesToHex(new Uint8Array(Buffer.from(registration.claim, 'base64')))
    const call = { address: contract, abi: ANCHOR_ABI } as const
    const args = [signer.name, bytesToHex(signer.publicKey), claim] as const
    await wallet.writeContract({ ...call, chain: null, functionName: 'register', args })
    await mine(anvil)
    const log = contractLog(registration)
    const epochs = statements(1)
    await assert.rejects(
      anvil.client.simulateContract({
        ...call,
        account: squatter,
        functionName: 'anchor',
        args: [log, 0n, zeroHash, []],
      }),
      /NotOperator/,
    )
    const intent = need(await anchor.prepare(epochs))
    need(await anchor.submit(intent))
    await mine(anvil)
    assert.equal(need(await anchor.standing(intent, epochs)).kind, 'anchored')
    const { chainId, registrant } = registration
    const asked = { logId: hexToBytes(registration.logId), publicKey: signer.publicKey }
    const own = (): Promise<readonly string[]> =>
      registrantsOf(anvil.rpc, { contract, chainId }, asked, nodeCrypto)
    assert.deepEqual(await own(), [registrant], 'the log’s own signature tells them apart')

    const key = { name: signer.name, kind: 'log', publicKey: signer.publicKey } as const
    const monitor = askChain({ rpcs: [anvil.rpc], contract }, { key, crypto: nodeCrypto })
    const root = { ...epochs[0]!, note: { text: '', signatures: [] }, checkpoint: '' }
    assert.equal((await monitor(root, { ...registration })).kind, 'not-final')
    const second = privateKeyToAccount(generatePrivateKey())
    await fund(anvil, second.address)
    const place = { ...registration, registrant: second.address.toLowerCase() as Hex }
    const word = bytesToHex(new Uint8Array(Buffer.from(await claimOf(place, signer), 'base64')))
    const theirs = createWalletClient({ account: second, transport: http(anvil.rpc) })
    const said = [signer.name, bytesToHex(signer.publicKey), word] as const
    await theirs.writeContract({ ...call, chain: null, functionName: 'register', args: said })
    await mine(anvil)
    assert.deepEqual((await own()).toSorted(), [registrant, place.registrant].toSorted())
    const alarmed = await monitor(root, { ...registration })
    assert.match(`${alarmed.kind}: ${alarmed.message}`, /^wrong: expected one registrant/)
  },
)

test('a log that was handed on is its new operator’s', { skip }, async (t) => {
  const { anvil, anchor, dataDir } = await deployed(t)
  const intent = need(await anchor.prepare(statements(1)))
  await anvil.client.setAutomine(true)
  const to = privateKeyToAccount(generatePrivateKey()).address
  need(await setOperator({ dataDir, rpc: anvil.rpc, to }))
  need(await anchor.submit(intent))
  assert.equal(need(await anchor.standing(intent, statements(1))).kind, 'lost', 'it failed')
  const { error } = await anchor.prepare(statements(1), intent)
  assert.match(String(error), /AnchorUnavailable: evm: expected .* to be the log’s operator/)
  assert.match(String((await setOperator({ dataDir, rpc: anvil.rpc, to })).error), /NotOperator/)
})

/** Hash of leaves by the definition: RFC 6962, section 2.1. */
function treeHash(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return leaves[0]!
  const split = splitOf(leaves.length)
  return nodeHash(nodeHasher, treeHash(leaves.slice(0, split)), treeHash(leaves.slice(split)))
}

const VERIFY = parseAbi([
  'function verifyInclusion(uint64, uint64, bytes32, bytes32[], bytes32) pure returns (bool)',
])

test('the contract checks proofs of inclusion as we do', { skip }, async (t) => {
  const { anvil, contract } = await deployed(t)
  const client = createPublicClient({ transport: http(anvil.rpc, { batch: true }) })
  const all = Array.from({ length: 65 }, (_, at) => leafHash(nodeHasher, Uint8Array.of(at)))
  const cases = [...Array.from({ length: 18 }, (_, at) => at + 1), 33, 64, 65].flatMap((size) => {
    const leaves = all.slice(0, size)
    const root = bytesToHex(treeHash(leaves))
    return leaves.map((leaf, index) => {
      const spans = inclusionSpans(index, size)
      const proof = spans.map(({ start, end }) => bytesToHex(treeHash(leaves.slice(start, end))))
      return { index: BigInt(index), size: BigInt(size), leaf: bytesToHex(leaf), proof, root }
    })
  })
  const verify = (one: (typeof cases)[number]): Promise<boolean> => {
    const args = [one.index, one.size, one.leaf, one.proof, one.root] as const
    return client.readContract({
      address: contract,
      abi: VERIFY,
      functionName: 'verifyInclusion',
      args,
    })
  }
  const holds = await Promise.all(cases.map(verify))
  assert.ok(holds.length > 300 && holds.every(Boolean), 'good proofs hold')
  const [wrong] = cases.at(-1)!.proof
  const altered = cases.flatMap((one) => [
    { ...one, index: (one.index + 1n) % (one.size + 1n) },
    { ...one, proof: [...one.proof, wrong!] },
    { ...one, proof: one.proof.length > 0 ? one.proof.slice(1) : [wrong!] },
    { ...one, leaf: one.proof[0] ?? wrong! },
  ])
  const lies = await Promise.all(altered.map(verify))
  assert.deepEqual(
    altered.filter((_, at) => lies[at]),
    [],
    'no other does',
  )
})
