/**
 * `node scripts/shows/anchor.ts`: a log that is anchored on a real node of its own, reorganised
 * away, anchored again and final, when its credits are issued, once. Needs anvil, which
 * `npm install` brings on Linux for x64.
 * @module
 */
import * as chain from '../../packages/node/src/anchors/evm/testing/anvil.ts'
import { deployed } from '../../packages/node/src/anchors/evm/testing/deployed.ts'
import * as past from '../../packages/node/src/anchors/evm/testing/past.ts'

/** Turns of the job after all is final: none of them may issue anything. */
const TURNS_MORE = 3

async function main(): Promise<void> {
  if (chain.noAnvil !== false) throw new Error(chain.noAnvil)
  const ends: (() => unknown)[] = []
  try {
    const { anvil, dataDir, signer, contract, gas } = await deployed({
      after: (end) => void ends.push(end as () => unknown),
    })
    console.log(
      `contract ${contract}: ${gas.deploy} gas; ${signer.name} registered: ${gas.register}`,
    )
    await past.writeLog(dataDir, signer)
    past.decideCredits(dataDir)
    const accounting = await past.openAnchored(dataDir, { origin: signer.name, rpc: anvil.rpc })
    ends.unshift(() => accounting.close())
    const show = async (after: string): Promise<void> => {
      const epochs = await past.turn(accounting)
      const states = epochs.map(({ epoch, state }) => `${epoch} ${state}`).join(', ')
      console.log(`${after}: ${states}; ${await past.creditsHeld(accounting)} credits issued`)
    }
    await show('sent')
    await chain.mine(anvil)
    await show('a block later')
    await chain.reorganise(anvil, 1)
    await show('that block is gone')
    await chain.mine(anvil)
    await show('another block')
    await chain.mine(anvil, chain.FINAL_AFTER + 1)
    await show('finalized')
    for (let turn = 0; turn < TURNS_MORE; turn++) await show('once more')
  } finally {
    for (const end of ends) await end()
  }
}

await main()
