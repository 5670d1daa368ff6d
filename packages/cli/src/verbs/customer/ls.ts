/**
 * `turnpike customer ls`: all customers, and what nobody pays for.
 * @module
 */
import { showCustomers } from '@turnpike/node/provisioning/show'
import { EXIT } from '../../exit.ts'
import { readCatalog } from '../../read-catalog.ts'
import { formatCount } from '../../units.ts'
import type { Verb } from '../../verb.ts'

/** The verb. It reads beside a running server. */
export const ls: Verb = {
  name: 'customer ls',
  summary: 'List the customers, and the spaces that nobody pays for.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {},
  settings: ['data'],
  examples: [['turnpike customer ls', 'Each customer, its plan, and how many spaces it has.']],
  async run({ loaded, output }) {
    const shown = await readCatalog(loaded.settings.data, showCustomers)
    for (const { did, plan, spaces } of shown.customers) {
      const has = `${formatCount(spaces)} ${spaces === 1 ? 'space' : 'spaces'}`
      output.line(`${did}  ${plan ?? 'standard plan'}  ${has}`)
    }
    for (const space of shown.unowned)
      output.line(`${space}  nobody’s: what is read is in suspense`)
    output.result(shown)
    return EXIT.ok
  },
}
