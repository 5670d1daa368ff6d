/**
 * `turnpike stripe map`: who a customer is at Stripe.
 * @module
 */
import { callOrOpen } from '@turnpike/node/control/client'
import { openHere } from '@turnpike/node/owner/open-here'
import { EXIT } from '../../exit.ts'
import { needFolder } from '../../need-folder.ts'
import type { Verb } from '../../verb.ts'

/** The verb. */
export const map: Verb = {
  name: 'stripe map',
  summary: 'Say who a customer is at Stripe.',
  operands: 'DID CUS',
  operandsMin: 2,
  operandsMax: 2,
  options: {},
  settings: ['data'],
  examples: [
    [
      'turnpike stripe map did:mailto:example.com:alice cus_NciAYcXfLnqBoz',
      'What she used and was not sent yet is sent now.',
    ],
  ],
  async run({ args, loaded, output, signal }) {
    const { settings } = loaded
    const { data } = settings
    const [customer, stripeId] = args
    needFolder(data)
    const open = () => openHere(data, settings)
    const called = await callOrOpen(data, open, 'stripeMap', { customer, stripeId }, { signal })
    if (called.error) throw called.error
    output.line(`${customer} is ${stripeId} at Stripe.`)
    output.result(called.ok)
    return EXIT.ok
  },
}
