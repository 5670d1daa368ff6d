/**
 * `turnpike credits seed`: puts credits into the pool.
 * @module
 */
import type { CreditSeeded } from '@turnpike/node/credits/operations'
import { callFolder } from '../../call-folder.ts'
import { EXIT } from '../../exit.ts'
import { needText } from '../../need-text.ts'
import type { Verb } from '../../verb.ts'

/** The verb. */
export const seed: Verb = {
  name: 'credits seed',
  summary: 'Put credits into the pool, once for each decision.',
  operands: 'AMOUNT',
  operandsMin: 1,
  operandsMax: 1,
  options: {
    id: { value: 'ID', doc: 'Name of the decision: the same one again adds nothing.' },
    from: { value: 'TIME', doc: 'For reads from this hour on. Default: this hour.' },
    note: { value: 'TEXT', doc: 'What it is for.' },
  },
  settings: ['data'],
  examples: [
    ['turnpike credits seed 500.00 --id prop-7', 'Run again, it changes nothing.'],
    [
      'turnpike credits seed 250 --id 2026-12 --from 2026-12-01 --note "December"',
      'For reads of December and later.',
    ],
  ],
  async run({ args, options, loaded, output, signal }) {
    const { from, note } = options
    const params = { amount: args[0]!, id: needText(options, 'id'), from, note }
    const seeded = (await callFolder(loaded, 'creditSeed', params, signal)) as CreditSeeded
    const { id, amount, added, pool } = seeded
    const had = added ? '' : ' (this decision was known)'
    output.line(`${output.bold(id)}: ${amount} credits; the pool has ${pool}${had}`)
    output.result(seeded)
    return EXIT.ok
  },
}
