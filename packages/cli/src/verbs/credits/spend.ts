/**
 * `turnpike credits spend`: takes credits from a provider, for what it got instead.
 * @module
 */
import type { CreditSpent } from '@turnpike/node/credits/operations'
import { callFolder } from '../../call-folder.ts'
import { EXIT } from '../../exit.ts'
import { needText } from '../../need-text.ts'
import type { Verb } from '../../verb.ts'

/** The verb. */
export const spend: Verb = {
  name: 'credits spend',
  summary: 'Spend credits of a provider, once for each purchase.',
  operands: 'PROVIDER AMOUNT',
  operandsMin: 2,
  operandsMax: 2,
  options: {
    id: { value: 'ID', doc: 'Name of the purchase: the same one again spends nothing.' },
    note: { value: 'TEXT', doc: 'What it was spent on.' },
  },
  settings: ['data'],
  examples: [
    [
      'turnpike credits spend did:key:z6Mk… 12.50 --id order-31',
      'Credits that expire first go first; without enough of them nothing happens.',
    ],
  ],
  async run({ args, options, loaded, output, signal }) {
    const [provider, amount] = args as [string, string]
    const params = { provider, amount, id: needText(options, 'id'), note: options['note'] }
    const done = (await callFolder(loaded, 'creditSpend', params, signal)) as CreditSpent
    const had = done.spent ? '' : ' (this purchase was known)'
    output.line(`${output.bold(done.id)}: ${done.amount} credits of ${provider}${had}`)
    output.line(`  ${done.worth} are left`)
    output.result(done)
    return EXIT.ok
  },
}
