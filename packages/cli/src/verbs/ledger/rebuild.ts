/**
 * `turnpike ledger rebuild`: counts the log again, from its first entry.
 * @module
 */
import { callOrOpen } from '@turnpike/node/control/client'
import { openHere } from '@turnpike/node/owner/open-here'
import { EXIT } from '../../exit.ts'
import { needFolder } from '../../need-folder.ts'
import { formatCount } from '../../units.ts'
import type { Verb } from '../../verb.ts'

/** The verb. */
export const rebuild: Verb = {
  name: 'ledger rebuild',
  summary: 'Empty the ledger and count the whole log again.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {},
  settings: ['data'],
  examples: [['turnpike ledger rebuild', 'The sums are the same as before, or were wrong.']],
  async run({ loaded, output, signal }) {
    const { data } = loaded.settings
    needFolder(data)
    const open = () => openHere(data, loaded.settings)
    const called = await callOrOpen(data, open, 'ledgerRebuild', {}, { signal })
    if (called.error) throw called.error
    const { size } = called.ok as { readonly size: number }
    output.line(`Counted the log again: ${formatCount(size)} entries.`)
    output.result(called.ok)
    return EXIT.ok
  },
}
