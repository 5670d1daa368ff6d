/** A deployment whose log is anchored on a real node, from the reads to the credits. @module */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseFinalFile } from '@turnpike/core/epochs/final-file'
import { parseRootFile } from '@turnpike/core/epochs/root-file'
import { hexToBytes } from 'viem'
import { parseEpochRoot } from '../../../../audit/src/epoch-file.ts'
import { checkAnchored, isClaimed } from '../../../../audit/src/evm-chain.ts'
import { askChain } from '../../../../audit/src/monitor/chain.ts'
import { nodeCrypto } from '../../../../audit/src/node-crypto.ts'
import type { OpenedAccounting } from '../../accounting/open.ts'
import { FINAL_AFTER, mine, noAnvil, reorganise } from './testing/anvil.ts'
import { deployed } from './testing/deployed.ts'
import {
  creditsHeld,
  decideCredits,
  FIRST,
  HOURS,
  openAnchored,
  turn,
  writeLog,
} from './testing/past.ts'

const skip = noAnvil

/** Each hour's state after one turn, and its anchor's. */
async function states(accounting: OpenedAccounting): Promise<readonly string[]> {
  return (await turn(accounting)).map(({ state, anchors }) => `${state}, ${anchors[0]!.state}`)
}

const all = (state: string): readonly string[] => Array.from({ length: HOURS }, () => state)

test('anchored, reorganised away, anchored again, final: paid once', { skip }, async (t) => {
  const opened: OpenedAccounting[] = []
  // Before the folder goes, which `deployed` sees to.
  t.after(() => opened.at(-1)?.close())
  const { anvil, dataDir, signer, contract, registration } = await deployed(t)
  await writeLog(dataDir, signer)
  decideCredits(dataDir)
  const open = async (): Promise<OpenedAccounting> => {
    await opened.at(-1)?.close()
    opened.push(await openAnchored(dataDir, { origin: signer.name, rpc: anvil.rpc }))
    return opened.at(-1)!
  }
  let accounting = await open()

  assert.deepEqual(await states(accounting), all('batched, sent'))
  await mine(anvil)
  assert.deepEqual(await states(accounting), all('anchored, anchored'))
  await reorganise(anvil, 1)
  assert.deepEqual(await states(accounting), all('batched, sent'))
  accounting = await open()
  assert.deepEqual(await states(accounting), all('batched, sent'))
  await mine(anvil)
  assert.deepEqual(await states(accounting), all('anchored, anchored'))
  assert.equal(await creditsHeld(accounting), '0.00')
  const final = join(dataDir, `receipts/read/${FIRST}.final`)
  assert.ok(!existsSync(final))
  await mine(anvil, FINAL_AFTER + 1)
  for (let again = 0; again < 3; again++) {
    assert.deepEqual(await states(accounting), all('final, final'))
    assert.equal(await creditsHeld(accounting), `${HOURS}.00`)
    accounting = await open()
  }

  const { anchors } = parseFinalFile(await readFile(final)).ok!.value
  const proof = anchors[0]!.proof as unknown as Parameters<typeof isClaimed>[0]
  assert.ok(isClaimed(proof, signer.publicKey, nodeCrypto))
  const { value } = parseRootFile(await readFile(final.replace('.final', '.root'))).ok!
  const log = { logId: hexToBytes(registration.logId), registrant: proof.registrant }
  const [standing] = await checkAnchored({ rpcs: [anvil.rpc], contract }, log, [value])
  assert.equal(standing?.kind, 'final', 'an auditor reads the same from the chain')

  const key = { name: signer.name, kind: 'log', publicKey: signer.publicKey } as const
  const says = async (more: object, trust = { rpcs: [anvil.rpc], contract }): Promise<string> => {
    const asked = askChain(trust, { key, crypto: nodeCrypto })
    const root = parseEpochRoot(await readFile(final.replace('.final', '.root')))
    const said = await asked({ ...root, ...more }, { ...proof, ...more })
    return said.kind
  }
  assert.equal(await says({}), 'final', 'so does a monitor')
  for (const more of [
    { epoch: FIRST + 99 },
    { end: value.end + 1 },
    { contract: `0x${'00'.repeat(20)}` },
    { registrant: contract },
    { claim: 'AA==' },
    { claim: 1 },
  ])
    assert.equal(await says(more), 'wrong', JSON.stringify(more))
  assert.equal(await says({ chainId: 5 }), 'wrong', 'the claim is of one chain')
  assert.equal(await says({}, { rpcs: ['http://127.0.0.1:9'], contract }), 'unknown')
})

test('a copy of a folder that went on otherwise is stopped by the chain', { skip }, async (t) => {
  const opened: OpenedAccounting[] = []
  t.after(() => Promise.all(opened.map((one) => one.close())))
  const { anvil, dataDir, signer } = await deployed(t)
  const copy = join(dataDir, 'copy')
  for (const part of ['keys', 'anchors'])
    await cp(join(dataDir, part), join(copy, part), { recursive: true })
  for (const [folder, bytes] of [
    [dataDir, 1000n],
    [copy, 999n],
  ] as const) {
    await writeLog(folder, signer, bytes)
    opened.push(await openAnchored(folder, { origin: signer.name, rpc: anvil.rpc }))
  }
  const [right, wrong] = opened
  assert.deepEqual(await states(right!), all('batched, sent'))
  await mine(anvil)
  assert.deepEqual(await states(right!), all('anchored, anchored'))
  await assert.rejects(states(wrong!), /AnchorConflict|anchored with another root/)
  assert.equal((await wrong!.catchUp()).error?.reason, 'AnchorConflict', 'it stands still')
  assert.equal((await right!.catchUp()).error, undefined)
})
