/** The contract against a model, over random calls: a log has one history there. @module */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EpochStatement } from '@turnpike/core/ports/anchor'
import { keyHashOf } from '@turnpike/core/note/key'
import fc from 'fast-check'
import { bytesToHex, createWalletClient, http, type Hex } from 'viem'
import { folderPaths } from '../../folder/layout.ts'
import { nodeHasher } from '../../hasher.ts'
import { ANCHOR_ABI } from './abi.ts'
import { anchorCall, contractEpochs } from './chain.ts'
import { openEvmKey } from './key.ts'
import { contractLog } from './registration.ts'
import { noAnvil } from './testing/anvil.ts'
import { deployed, statements } from './testing/deployed.ts'

const RUNS = Number(process.env['TURNPIKE_FUZZ_RUNS'] ?? 25)
const HOURS = 5
/** Two histories of one log, which part after their second hour. */
const COMMON = statements(2)
const HISTORIES = ['', 'other'].map((salt) => {
  const [, , third, ...rest] = statements(HOURS, { salt })
  return COMMON.concat({ ...third!, previousRoot: COMMON[1]!.root }, rest)
})

/** Some hours of one of them, as one call. */
const call = fc
  .record({
    history: fc.constantFrom(...HISTORIES),
    from: fc.nat(HOURS - 1),
    count: fc.integer({ min: 1, max: 3 }),
    begins: fc.boolean(),
  })
  .map(({ history, from, count, begins }) => ({
    epochs: history.slice(from, from + count),
    begins,
  }))

/** What a log comes to by calls: its hours, in order. */
class Model {
  hours: readonly EpochStatement[] = []

  /** Whether the contract takes these: all of them, or none. */
  takes(epochs: readonly EpochStatement[], begins: boolean): boolean {
    const hours = [...this.hours]
    for (const [at, next] of epochs.entries()) {
      if (hours.includes(next)) continue
      const last = hours.at(-1)
      const isFirst = begins && at === 0
      const follows = last !== undefined && hex(last.root) === hex(next.previousRoot)
      if (
        !(last === undefined ? isFirst : follows && !isFirst) ||
        hours.some(({ epoch }) => epoch === next.epoch)
      )
        return false
      hours.push(next)
    }
    this.hours = hours
    return true
  }
}

function hex(bytes: Uint8Array): Hex {
  return bytesToHex(bytes)
}

test('of two histories of a log the contract takes one', { skip: noAnvil }, async (t) => {
  const { anvil, contract, dataDir, registration } = await deployed(t)
  await anvil.client.setAutomine(true)
  const account = await openEvmKey(folderPaths(dataDir).keys)
  const wallet = createWalletClient({ account, transport: http(anvil.rpc) })
  const at = { address: contract, abi: ANCHOR_ABI } as const
  const { registrant } = registration
  const publicKey = new Uint8Array(32)
  let logs = 0
  /** A log that nobody has anchored yet. */
  const newLog = async (): Promise<Hex> => {
    const name = `log-${logs++}`
    const args = [name, hex(publicKey), '0x'] as const
    await wallet.writeContract({ ...at, chain: null, functionName: 'register', args })
    const logId = hex(keyHashOf({ name, kind: 'ed25519', publicKey }, nodeHasher))
    return contractLog({ registrant, logId })
  }
  const anchor = (data: Hex): Promise<boolean> =>
    wallet.sendTransaction({ chain: null, to: contract, data }).then(
      () => true,
      () => false,
    )
  const isAnchored = async (log: Hex, epoch: EpochStatement): Promise<boolean> => {
    const args = [log, contractEpochs([epoch])] as const
    const standing = anvil.client.readContract({ ...at, functionName: 'standing', args })
    return standing.then(([, times]) => times[0]! > 0).catch(() => false)
  }
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 6 }), async (calls) => {
      const log = await newLog()
      const model = new Model()
      for (const { epochs, begins } of calls) {
        const sent = await anchor(anchorCall(log, epochs, begins))
        assert.equal(sent, model.takes(epochs, begins))
      }
      for (const epoch of new Set(HISTORIES.flat()))
        assert.equal(await isAnchored(log, epoch), model.hours.includes(epoch))
    }),
    { numRuns: RUNS },
  )
})
