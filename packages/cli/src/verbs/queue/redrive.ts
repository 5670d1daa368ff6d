/**
 * `turnpike queue redrive`: tries again what was given up.
 * @module
 */
import { callOrOpen } from '@turnpike/node/control/client'
import { openHere } from '@turnpike/node/owner/open-here'
import { EXIT } from '../../exit.ts'
import { needFolder } from '../../need-folder.ts'
import { formatCount } from '../../units.ts'
import { UsageRefused, type Verb } from '../../verb.ts'

/** The verb. */
export const redrive: Verb = {
  name: 'queue redrive',
  summary: 'Try dead messages again, with all their attempts.',
  operands: '[TOPIC]',
  operandsMin: 0,
  operandsMax: 1,
  options: { id: { value: 'NUMBER', doc: 'Only this one, as queue ls shows it.' } },
  settings: ['data'],
  examples: [
    ['turnpike queue redrive', 'All that were given up, after what was wrong is mended.'],
    ['turnpike queue redrive egress', 'Those of one topic.'],
    ['turnpike queue redrive --id 17', 'One of them.'],
  ],
  async run({ args: [topic], options, loaded, output, signal }) {
    const { data } = loaded.settings
    needFolder(data)
    const { id } = options
    if (id !== undefined && !/^\d{1,15}$/.test(String(id)))
      throw new UsageRefused(`"--id" expected a number, got "${String(id)}"`)
    const which = { ...(topic !== undefined && { topic }), ...(id !== undefined && { id: +id }) }
    const open = () => openHere(data, loaded.settings)
    const called = await callOrOpen(data, open, 'queueRedrive', which, { signal })
    if (called.error) throw called.error
    const { redriven } = called.ok as { readonly redriven: number }
    output.line(`Messages that are tried again: ${formatCount(redriven)}`)
    output.result(called.ok)
    return EXIT.ok
  },
}
