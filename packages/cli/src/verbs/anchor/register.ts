/**
 * `turnpike anchor register`: makes a place for the log in a contract.
 * @module
 */
import { EXIT } from '../../exit.ts'
import { formatCount } from '../../units.ts'
import { UsageRefused, type Verb } from '../../verb.ts'
import { needAddress, needOperator } from './need-rpc.ts'

/** The verb. */
export const register: Verb = {
  name: 'anchor register',
  summary: 'Register the log in a contract, and write down that it is anchored there.',
  operands: 'CONTRACT',
  operandsMin: 1,
  operandsMax: 1,
  options: {},
  settings: ['data', 'evmRpc'],
  examples: [
    [
      'turnpike anchor register 0x5fbdb2315678afecb367f032d93f642f64180aa3',
      'With "evm" among the anchors, epochs go there from now on.',
    ],
  ],
  async run(invocation) {
    const operator = needOperator(invocation)
    const contract = needAddress(invocation.args[0]!)
    const { findLogSigner } = await import('@turnpike/node/log/published-signer')
    const signer = await findLogSigner(operator.dataDir)
    if (signer === undefined)
      throw new UsageRefused('expected a log with a name: start the gateway once, then register')
    const { registerLog } = await import('@turnpike/node/anchors/evm/manage')
    const registered = await registerLog({ ...operator, contract, signer })
    if (registered.error !== undefined) throw registered.error
    const { registration, done } = registered.ok
    const { output } = invocation
    output.line(`${signer.name} is anchored in ${contract} of chain ${registration.chainId}.`)
    if (done === undefined) output.line('  It was registered before.')
    else output.line(`  transaction ${done.transaction}, ${formatCount(Number(done.gas))} gas`)
    output.result({ origin: signer.name, ...registration, transaction: done?.transaction ?? null })
    return EXIT.ok
  },
}
