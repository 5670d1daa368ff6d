/**
 * `turnpike anchor status`: who pays, and where the contract stands.
 * @module
 */
import type { EvmStatus } from '@turnpike/node/anchors/evm/manage'
import { EXIT } from '../../exit.ts'
import type { Output } from '../../output.ts'
import { formatCount } from '../../units.ts'
import type { Verb } from '../../verb.ts'
import { needOperator } from './need-rpc.ts'

const WEI_PER_GWEI = 1_000_000_000n

/** The verb. */
export const status: Verb = {
  name: 'anchor status',
  summary: 'Say who pays for anchors, what is left, and where the contract stands.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {},
  settings: ['data', 'evmRpc'],
  examples: [['turnpike anchor status', 'Makes keys/anchor-evm.key when there is none.']],
  async run(invocation) {
    const { evmStatus } = await import('@turnpike/node/anchors/evm/manage')
    const found = await evmStatus(needOperator(invocation))
    if (found.error !== undefined) throw found.error
    show(found.ok, invocation.output)
    return EXIT.ok
  },
}

function show({ account, balance, registration, view }: EvmStatus, output: Output): void {
  output.line(`${output.bold(account)} pays, and has ${gweiText(balance)} gwei`)
  if (registration === undefined) output.line('The log is registered nowhere yet.')
  else output.line(`The contract is ${registration.contract} of chain ${registration.chainId}.`)
  if (view !== undefined) {
    const { head, latest, finalized } = view
    output.line(`  operator ${head.operator}`)
    if (head.epoch > 0)
      output.line(`  epoch ${head.epoch}, ${formatCount(Number(head.size))} entries`)
    output.line(`  block ${latest.number}; final through ${finalized.number}`)
  }
  const { head, latest, finalized } = view ?? {}
  output.result({
    account,
    balance: String(balance),
    registration: registration ?? null,
    head: head === undefined ? null : { ...head, size: Number(head.size) },
    block: latest === undefined ? null : Number(latest.number),
    finalized: finalized === undefined ? null : Number(finalized.number),
  })
}

function gweiText(wei: bigint): string {
  return formatCount(Number(wei / WEI_PER_GWEI))
}
