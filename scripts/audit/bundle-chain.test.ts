/**
 * Statement bundles against a chain that runs.
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sealedStatement } from '@turnpike/accounting/epochs/statements'
import { askedOnChain } from '@turnpike/audit/bundle/chain'
import type { Verdict } from '@turnpike/audit/bundle/verdict'
import { verifyBundle } from '@turnpike/audit/bundle/verify'
import { nodeCrypto } from '@turnpike/audit/node-crypto'
import { anchorFile, anchorPath } from '@turnpike/core/epochs/anchor-file'
import type { EpochStatement } from '@turnpike/core/ports/anchor'
import { ANCHOR_ABI } from '@turnpike/node/anchors/evm/abi'
import { claimOf } from '@turnpike/node/anchors/evm/registration'
import { FINAL_AFTER, fund, mine, noAnvil } from '@turnpike/node/anchors/evm/testing/anvil'
import { deployed, need } from '@turnpike/node/anchors/evm/testing/deployed'
import { nodeHasher } from '@turnpike/node/hasher'
import { bytesToHex, createWalletClient, http, type Hex } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { bundleRig, HOURS } from './bundle-rig.ts'

test(
  'sealed hours of a statement are on the chain, for good or not',
  { skip: noAnvil },
  async (t) => {
    const { anvil, anchor, contract, registration, signer } = await deployed(t)
    const rig = await bundleRig(4, signer)
    const epochs: EpochStatement[] = []
    for (const { epoch, end } of await rig.reader.epochs(0))
      if (epoch !== HOURS.at(-1))
        epochs.push((await sealedStatement(rig.reader, end, signer)).statement)
    const asked = async (at = contract, rpcs = [anvil.rpc]): Promise<Verdict> => {
      const verified = verifyBundle(await rig.bundle(), {}, nodeCrypto)
      assert.ok(verified.verdict.holds)
      return askedOnChain(verified, { rpcs, contract: at }, nodeCrypto)
    }
    const found = ({ checks }: Verdict): string[] => checks[1]!.findings.map((one) => one.found)
    assert.deepEqual(found(await asked()), ['none', 'none', 'none'], 'no hour names the contract')

    const intent = need(await anchor.prepare(epochs))
    need(await anchor.submit(intent))
    await mine(anvil)
    const standing = need(await anchor.standing(intent, epochs))
    assert.ok(standing.kind === 'anchored')
    for (const statement of epochs) {
      const anchors = [{ anchor: 'evm', state: 'anchored', proof: standing.proof }] as const
      const file = await anchorFile({ ...statement, anchors }, signer, nodeHasher)
      rig.files.set(anchorPath(statement.epoch), file)
    }
    const early = await asked()
    assert.equal(early.holds, false)
    assert.deepEqual(new Set(found(early)), new Set(['there, and not for good yet']))
    await mine(anvil, FINAL_AFTER + 1)
    const late = await asked()
    assert.deepEqual([late.holds, found(late)], [true, []])
    assert.match(late.checks[1]!.says, /3 of 3 sealed hours on chain for good/)
    assert.ok((await asked(contract.toUpperCase().replace('0X', '0x') as typeof contract)).holds)
    assert.equal((await asked(`0x${'11'.repeat(20)}`)).holds, false)
    assert.equal((await asked(contract, [anvil.rpc, 'http://127.0.0.1:1/'])).holds, false)
    // A log of the same name and key with another history.
    const other = await bundleRig(5, signer)
    for (const { epoch, end } of await other.reader.epochs(0)) {
      if (epoch === HOURS.at(-1)) continue
      const { statement } = await sealedStatement(other.reader, end, signer)
      const anchors = [{ anchor: 'evm', state: 'final', proof: standing.proof }] as const
      const file = await anchorFile({ ...statement, anchors }, signer, nodeHasher)
      other.files.set(anchorPath(epoch), file)
    }
    const forked = verifyBundle(await other.bundle(), {}, nodeCrypto)
    assert.ok(forked.verdict.holds)
    const verdict = await askedOnChain(forked, { rpcs: [anvil.rpc], contract }, nodeCrypto)
    assert.deepEqual(new Set(found(verdict)), new Set(['another one']))
    // The log names somebody else in the same contract, who may anchor another history.
    const second = privateKeyToAccount(generatePrivateKey())
    await fund(anvil, second.address)
    const place = { ...registration, registrant: second.address.toLowerCase() as Hex }
    const word = bytesToHex(new Uint8Array(Buffer.from(await claimOf(place, signer), 'base64')))
    const args = [signer.name, bytesToHex(signer.publicKey), word] as const
    const wallet = createWalletClient({ account: second, transport: http(anvil.rpc) })
    const call = { address: contract, abi: ANCHOR_ABI, functionName: 'register', args } as const
    await wallet.writeContract({ ...call, chain: null })
    await mine(anvil)
    assert.match(found(await asked()).join(), /^0x\w{40} and 0x\w{40}$/)
  },
)
