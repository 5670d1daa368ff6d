/**
 * `turnpike grant ls`: what a customer was given.
 * @module
 */
import type { ShownGrant } from '@turnpike/node/quota/show'
import { callFolder } from '../../call-folder.ts'
import { needCustomer } from '../../customer-did.ts'
import { EXIT } from '../../exit.ts'
import { grantLine } from '../../grant-line.ts'
import type { Verb } from '../../verb.ts'

/** The verb. */
export const ls: Verb = {
  name: 'grant ls',
  summary: 'List the grants of a customer, those that are over, too.',
  operands: 'CUSTOMER',
  operandsMin: 1,
  operandsMax: 1,
  options: {},
  settings: ['data', 'plans'],
  examples: [
    ['turnpike grant ls alice@example.com', 'What is left of those in force, turnpike quota says.'],
  ],
  async run({ args, loaded, output, signal }) {
    const params = { customer: needCustomer(args[0]!) }
    const listed = await callFolder(loaded, 'grantLs', params, signal)
    const { customer, grants } = listed as {
      readonly customer: string
      readonly grants: readonly ShownGrant[]
    }
    output.line(output.bold(customer))
    for (const grant of grants) output.line(`  ${grantLine(grant)}`)
    output.result(listed)
    return EXIT.ok
  },
}
