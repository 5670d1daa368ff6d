/**
 * `turnpike stripe redrive`: sends again what failed.
 * @module
 */
import { callOrOpen } from '@turnpike/node/control/client'
import { openHere } from '@turnpike/node/owner/open-here'
import { EXIT } from '../../exit.ts'
import { needFolder } from '../../need-folder.ts'
import { formatCount } from '../../units.ts'
import type { Verb } from '../../verb.ts'

/** The verb. */
export const redrive: Verb = {
  name: 'stripe redrive',
  summary: 'Send again what Stripe refused.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {},
  settings: ['data'],
  examples: [['turnpike stripe redrive', 'After what it was refused for is mended.']],
  async run({ loaded, output, signal }) {
    const { settings } = loaded
    const { data } = settings
    needFolder(data)
    const open = () => openHere(data, settings)
    const called = await callOrOpen(data, open, 'stripeRedrive', {}, { signal })
    if (called.error) throw called.error
    const { redriven } = called.ok as { readonly redriven: number }
    output.line(`${formatCount(redriven)} events are sent again.`)
    output.result(called.ok)
    return EXIT.ok
  },
}
