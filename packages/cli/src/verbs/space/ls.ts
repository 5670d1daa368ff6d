/**
 * `turnpike space ls`: all spaces.
 * @module
 */
import { showSpaces } from '@turnpike/node/authorize/show'
import { EXIT } from '../../exit.ts'
import { readCatalog } from '../../read-catalog.ts'
import { formatBytes, formatCount } from '../../units.ts'
import type { Verb } from '../../verb.ts'

/** The verb. It reads beside a running server. */
export const ls: Verb = {
  name: 'space ls',
  summary: 'List the spaces, in the order in which they were made.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {},
  settings: ['data'],
  examples: [['turnpike space ls', 'Each space, its name, and how much it holds.']],
  async run({ loaded, output }) {
    const spaces = await readCatalog(loaded.settings.data, showSpaces)
    for (const { did, name, roots, bytes } of spaces)
      output.line(`${did}  ${name}  ${formatCount(roots)} roots, ${formatBytes(bytes)}`)
    output.result({ spaces })
    return EXIT.ok
  },
}
