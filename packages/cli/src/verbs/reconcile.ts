/**
 * `turnpike reconcile`: whether log, ledger and Stripe agree.
 * @module
 */
import { callOrOpen } from '@turnpike/node/control/client'
import { openHere } from '@turnpike/node/owner/open-here'
import type { Reconciliation } from '@turnpike/node/stripe/reconcile'
import { EXIT } from '../exit.ts'
import { needFolder } from '../need-folder.ts'
import { formatCount } from '../units.ts'
import type { Verb } from '../verb.ts'

/** The verb. */
export const reconcile: Verb = {
  name: 'reconcile',
  summary: 'Compare the log, the ledger and what Stripe has.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {
    correct: {
      doc: 'Send Stripe what it got wrong before the ledger was repaired, for hours of 35 days.',
    },
  },
  settings: ['data', 'stripeKey', 'stripeApi'],
  examples: [['turnpike reconcile --json', 'For a watchdog: the exit code is 1 if they differ.']],
  async run({ options, loaded, output, signal }) {
    const { settings } = loaded
    const { data } = settings
    needFolder(data)
    const params = { correct: options['correct'] === true }
    const open = () => openHere(data, settings)
    const called = await callOrOpen(data, open, 'reconcile', params, { signal })
    if (called.error) throw called.error
    const { periods, epochs, sums, sumsAtStripe, corrected, isEqual, differences } =
      called.ok as Reconciliation
    output.line(`Compared ${periods.join(' and ')}:`)
    output.line(`  log and ledger: ${formatCount(epochs)} hours`)
    output.line(`  ledger and outbox: ${formatCount(sums)} sums`)
    output.line(`  outbox and Stripe: ${formatCount(sumsAtStripe)} sums`)
    if (params.correct) output.line(`  corrections to be sent: ${formatCount(corrected)}`)
    for (const { between, about, left, right } of differences)
      output.line(`  ${between} differ, ${about}: ${left} and ${right}`)
    output.line(isEqual ? 'They agree.' : 'They differ.')
    output.result(called.ok)
    return isEqual ? EXIT.ok : EXIT.failed
  },
}
