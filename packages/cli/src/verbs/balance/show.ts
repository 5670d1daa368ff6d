/**
 * `turnpike balance show`: what a customer has left.
 * @module
 */
import type { ShownBalance } from '@turnpike/node/quota/operations'
import { callFolder } from '../../call-folder.ts'
import { needCustomer } from '../../customer-did.ts'
import { EXIT } from '../../exit.ts'
import type { Verb } from '../../verb.ts'

/** The verb. */
export const show: Verb = {
  name: 'balance show',
  summary: 'Show what is left of a balance, and the last payments.',
  operands: 'CUSTOMER',
  operandsMin: 1,
  operandsMax: 1,
  options: {},
  settings: ['data', 'plans'],
  examples: [
    ['turnpike balance show alice@example.com', "In the currency of the customer's plan."],
  ],
  async run({ args, loaded, output, signal }) {
    const params = { customer: needCustomer(args[0]!) }
    const shown = (await callFolder(loaded, 'balanceShow', params, signal)) as ShownBalance
    const { customer, balance, credits } = shown
    output.line(`${output.bold(customer)} has ${balance.amount} ${balance.currency}`)
    for (const { amount, currency, source, id, credited } of credits)
      output.line(`  ${credited}: ${amount} ${currency} from ${source} (${id})`)
    output.result(shown)
    return EXIT.ok
  },
}
