/**
 * `turnpike payout`: what a storage node is paid for a month.
 * @module
 */
import { writeFile } from 'node:fs/promises'
import { callOrOpen } from '@turnpike/node/control/client'
import { openHere } from '@turnpike/node/owner/open-here'
import { PAYOUT_FORMATS, type PayoutAnswer } from '@turnpike/node/payout/operation'
import { takeText } from '@turnpike/node/statements/files'
import { EXIT } from '../exit.ts'
import { needFolder } from '../need-folder.ts'
import { UsageRefused, type Verb } from '../verb.ts'

/** The verb. */
export const payout: Verb = {
  name: 'payout',
  summary: 'Say what a storage node is paid for a month, beside what was drawn from it.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {
    provider: { value: 'DID', doc: 'The storage node.' },
    period: { value: 'MONTH', doc: 'Such as 2026-11, in UTC. It is final 3 days after its end.' },
    format: { value: PAYOUT_FORMATS.join('|'), doc: 'json is the default.' },
    out: { value: 'FILE', doc: 'Where to write it; by default it is printed.' },
  },
  settings: ['data', 'storageNodes', 'payoutPricePerGib'],
  examples: [
    ['turnpike payout --provider did:key:z6Mk… --period 2026-11', 'By day and space.'],
    [
      'turnpike payout --provider did:key:z6Mk… --period 2026-11 --format csv --out node.csv',
      'For a spreadsheet.',
    ],
  ],
  async run({ options, loaded, output, signal }) {
    const { settings } = loaded
    const { data } = settings
    const { provider, period, out } = options
    const format = PAYOUT_FORMATS.find((name) => name === (options['format'] ?? 'json'))
    if (typeof provider !== 'string') throw new UsageRefused('--provider expected a DID')
    if (typeof period !== 'string') throw new UsageRefused('--period expected a month: 2026-11')
    if (format === undefined)
      throw new UsageRefused(`--format expected one of ${PAYOUT_FORMATS.join(', ')}`)
    needFolder(data)
    const params = { provider, period, format }
    const open = () => openHere(data, settings)
    const called = await callOrOpen(data, open, 'payout', params, { signal })
    if (called.error) throw called.error
    const { path, status } = called.ok as PayoutAnswer
    const text = await takeText(path)
    if (typeof out === 'string') {
      await writeFile(out, text)
      output.line(`Wrote ${out} (${status})`)
    } else output.text(text)
    output.result(format === 'json' ? (JSON.parse(text) as object) : { status, text })
    return EXIT.ok
  },
}
