/**
 * `turnpike customer show`: one customer, and what they had when.
 * @module
 */
import { showCustomer } from '@turnpike/node/provisioning/show'
import { needCustomer } from '../../customer-did.ts'
import { EXIT } from '../../exit.ts'
import { ownershipLine } from '../../ownership-line.ts'
import { readCatalog } from '../../read-catalog.ts'
import type { Verb } from '../../verb.ts'

/** The verb. It reads beside a running server. */
export const show: Verb = {
  name: 'customer show',
  summary: 'Show a customer: its plans and its spaces, from when to when.',
  operands: 'CUSTOMER',
  operandsMin: 1,
  operandsMax: 1,
  options: {},
  settings: ['data'],
  examples: [['turnpike customer show alice@example.com', 'Now and before.']],
  async run({ args, loaded, output }) {
    const did = needCustomer(args[0]!)
    const shown = await readCatalog(loaded.settings.data, (catalog) => {
      const found = showCustomer(catalog, did)
      if (found.error) throw found.error
      return found.ok
    })
    output.line(`${output.bold(shown.did)}  since ${shown.created}`)
    for (const { plan, from, until } of shown.plans)
      output.line(`  ${plan} from ${from}${until === null ? '' : ` until ${until}`}`)
    for (const owned of shown.spaces) output.line(`  ${ownershipLine(owned)}`)
    output.result(shown)
    return EXIT.ok
  },
}
