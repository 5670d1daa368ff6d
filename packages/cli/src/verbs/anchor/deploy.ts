/**
 * `turnpike anchor deploy`: puts the contract on a chain.
 * @module
 */
import { EXIT } from '../../exit.ts'
import { formatCount } from '../../units.ts'
import type { Verb } from '../../verb.ts'
import { needOperator } from './need-rpc.ts'

/** The verb. */
export const deploy: Verb = {
  name: 'anchor deploy',
  summary: 'Put the contract on a chain. One serves any number of logs.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {},
  settings: ['data', 'evmRpc'],
  examples: [
    [
      'turnpike anchor deploy --evm-rpc http://127.0.0.1:8545',
      'Paid by keys/anchor-evm.key; `turnpike anchor status` has its address.',
    ],
  ],
  async run(invocation) {
    const { deployContract } = await import('@turnpike/node/anchors/evm/manage')
    const deployed = await deployContract(needOperator(invocation))
    if (deployed.error !== undefined) throw deployed.error
    const { contract, transaction, gas } = deployed.ok
    const { output } = invocation
    output.line(`The contract is ${output.bold(contract)}.`)
    output.line(`  transaction ${transaction}, ${formatCount(Number(gas))} gas`)
    output.result({ contract, transaction, gas: String(gas) })
    return EXIT.ok
  },
}
