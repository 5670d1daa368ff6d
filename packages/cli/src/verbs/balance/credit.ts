/**
 * `turnpike balance credit`: pays into a balance.
 * @module
 */
import type { ShownBalance } from '@turnpike/node/quota/operations'
import { callFolder } from '../../call-folder.ts'
import { needCustomer } from '../../customer-did.ts'
import { EXIT } from '../../exit.ts'
import { UsageRefused, type Verb } from '../../verb.ts'

/** The verb. */
export const credit: Verb = {
  name: 'balance credit',
  summary: 'Pay into the balance of a customer, once for each payment.',
  operands: 'CUSTOMER AMOUNT CURRENCY',
  operandsMin: 3,
  operandsMax: 3,
  options: {
    source: { value: 'NAME', doc: 'Who took the money: payments are counted once by its ids.' },
    id: { value: 'ID', doc: 'Name of the payment there.' },
  },
  settings: ['data', 'plans'],
  examples: [
    [
      'turnpike balance credit alice@example.com 25.00 EUR --source bank --id 2026-11-21/17',
      'Run again, it changes nothing.',
    ],
  ],
  async run({ args, options, loaded, output, signal }) {
    const [customer, amount, currency] = args as [string, string, string]
    const { source, id } = options
    if (source === undefined || id === undefined)
      throw new UsageRefused(
        '--source and --id expected: they name the payment, so that it counts once',
      )
    const params = { customer: needCustomer(customer), amount, currency, source, id }
    const shown = (await callFolder(loaded, 'balanceCredit', params, signal)) as ShownBalance
    const { balance, credited } = shown
    const had = credited === false ? ' (this payment was known)' : ''
    output.line(`${output.bold(shown.customer)} has ${balance.amount} ${balance.currency}${had}`)
    output.result(shown)
    return EXIT.ok
  },
}
