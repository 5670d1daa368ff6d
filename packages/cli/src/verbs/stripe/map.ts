/**
 * `turnpike stripe map`: who a customer is at Stripe.
 * @module
 */
import { callOrOpen } from '@turnpike/node/control/client'
import { openHere } from '@turnpike/node/owner/open-here'
import { needCustomer } from '../../customer-did.ts'
import { EXIT } from '../../exit.ts'
import { needFolder } from '../../need-folder.ts'
import type { Verb } from '../../verb.ts'

/** The verb. */
export const map: Verb = {
  name: 'stripe map',
  summary: 'Say who a customer is at Stripe.',
  operands: 'CUSTOMER STRIPE-ID',
  operandsMin: 2,
  operandsMax: 2,
  options: {},
  settings: ['data'],
  examples: [
    [
      'turnpike stripe map alice@example.com cus_NciAYcXfLnqBoz',
      'What she used and was not sent yet is sent now.',
    ],
  ],
  async run({ args, loaded, output, signal }) {
    const { settings } = loaded
    const { data } = settings
    const customer = needCustomer(args[0]!)
    const stripeId = args[1]!
    needFolder(data)
    const open = () => openHere(data, settings)
    const called = await callOrOpen(data, open, 'stripeMap', { customer, stripeId }, { signal })
    if (called.error) throw called.error
    output.line(`${customer} is ${stripeId} at Stripe.`)
    output.result(called.ok)
    return EXIT.ok
  },
}
