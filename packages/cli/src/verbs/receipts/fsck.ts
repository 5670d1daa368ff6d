/**
 * `turnpike receipts fsck`: whether a data folder's log, journals and receipts are whole.
 * @module
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { checkFolder } from '@turnpike/audit/receipts-folder/fsck'
import { EXIT } from '../../exit.ts'
import { needFolder } from '../../need-folder.ts'
import { formatCount } from '../../units.ts'
import type { Verb } from '../../verb.ts'
import { printDifferences } from './differences.ts'

/** The verb. */
export const fsck: Verb = {
  name: 'receipts fsck',
  summary: 'Check that the files of log, journals and receipts are there and whole.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {
    vkey: { value: 'KEY', doc: 'The log’s key, as you know it from elsewhere.' },
  },
  settings: ['data'],
  examples: [['turnpike receipts fsck', 'Fast: what the entries say is for `receipts audit`.']],
  async run({ options, loaded, output }) {
    const { data } = loaded.settings
    if (!existsSync(join(data, 'log'))) needFolder(data)
    const found = checkFolder(data, options['vkey'] as string | undefined)
    output.line(`Log       ${formatCount(found.entries)} entries`)
    if (!found.isClean) output.line('The folder is in use, or was not stopped cleanly.')
    printDifferences(found, output)
    output.line(output.bold(found.holds ? 'All files are whole.' : 'Something is damaged.'))
    output.result(found)
    return found.holds ? EXIT.ok : EXIT.failed
  },
}
