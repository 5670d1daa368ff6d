/**
 * `turnpike stripe status`: what was sent, what waits, and what failed.
 * @module
 */
import { callOrOpen } from '@turnpike/node/control/client'
import { openHere } from '@turnpike/node/owner/open-here'
import type { StuckEvent } from '@turnpike/node/stripe/outbox'
import { EXIT } from '../../exit.ts'
import { needFolder } from '../../need-folder.ts'
import { formatCount } from '../../units.ts'
import type { Verb } from '../../verb.ts'

interface Answer {
  readonly waiting: number
  readonly sent: number
  readonly failed: number
  readonly customers: readonly { readonly customer: string; readonly stripeId: string }[]
  readonly stuck: readonly StuckEvent[]
}

/** The verb. */
export const status: Verb = {
  name: 'stripe status',
  summary: 'Say what was sent to Stripe, what waits, and what failed.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {},
  settings: ['data'],
  examples: [['turnpike stripe status', 'Customers, counts, and events that need somebody.']],
  async run({ loaded, output, signal }) {
    const { settings } = loaded
    const { data } = settings
    needFolder(data)
    const open = () => openHere(data, settings)
    const called = await callOrOpen(data, open, 'stripeStatus', {}, { signal })
    if (called.error) throw called.error
    const { waiting, sent, failed, customers, stuck } = called.ok as Answer
    for (const { customer, stripeId } of customers) output.line(`  ${customer}  ${stripeId}`)
    for (const { customer, meter, identifier, reason } of stuck)
      output.line(`  ${identifier}  ${customer}  ${meter}  ${reason}`)
    const counts = [`${formatCount(sent)} sent`, `${formatCount(waiting)} waiting`]
    output.line([...counts, `${formatCount(failed)} failed`].join(', '))
    output.result(called.ok)
    return EXIT.ok
  },
}
