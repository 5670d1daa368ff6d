/**
 * `turnpike anchor operator`: hands the log's anchor on.
 * @module
 */
import { EXIT } from '../../exit.ts'
import { formatCount } from '../../units.ts'
import type { Verb } from '../../verb.ts'
import { needAddress, needOperator } from './need-rpc.ts'

/** The verb. */
export const operator: Verb = {
  name: 'anchor operator',
  summary: 'Let another key anchor the log, for good: this one can’t any more.',
  operands: 'ADDRESS',
  operandsMin: 1,
  operandsMax: 1,
  options: {},
  settings: ['data', 'evmRpc'],
  examples: [
    [
      'turnpike anchor operator 0x70997970c51812dc3a010c7d01b50e0d17dc79c8',
      'Then its key takes the place of keys/anchor-evm.key.',
    ],
  ],
  async run(invocation) {
    const who = needOperator(invocation)
    const to = needAddress(invocation.args[0]!)
    const { setOperator } = await import('@turnpike/node/anchors/evm/manage')
    const set = await setOperator({ ...who, to })
    if (set.error !== undefined) throw set.error
    const { transaction, gas } = set.ok
    const { output } = invocation
    output.line(`${to} anchors the log from now on.`)
    output.line(`  transaction ${transaction}, ${formatCount(Number(gas))} gas`)
    output.result({ operator: to, transaction, gas: String(gas) })
    return EXIT.ok
  },
}
