/**
 * `turnpike customer plan`: puts a customer on a plan.
 * @module
 */
import { callOrOpen } from '@turnpike/node/control/client'
import { openHere } from '@turnpike/node/owner/open-here'
import type { CustomerChanged } from '@turnpike/node/provisioning/operations'
import { needCustomer, needPlan } from '../../customer-did.ts'
import { EXIT } from '../../exit.ts'
import { needFolder } from '../../need-folder.ts'
import type { Verb } from '../../verb.ts'

/** The verb. */
export const plan: Verb = {
  name: 'customer plan',
  summary: 'Put a customer on a plan, from the next hour on.',
  operands: 'CUSTOMER PLAN',
  operandsMin: 2,
  operandsMax: 2,
  options: {},
  settings: ['data', 'plans'],
  examples: [
    [
      'turnpike customer plan alice@example.com did:web:lite.example.com',
      'This hour is still billed by the plan before.',
    ],
  ],
  async run({ args, loaded, output, signal }) {
    const { data, plans } = loaded.settings
    needFolder(data)
    const params = { did: needCustomer(args[0]!), plan: needPlan(args[1], plans) }
    const called = await callOrOpen(data, () => openHere(data), 'customerPlan', params, { signal })
    if (called.error) throw called.error
    const { did, plan: chosen, planFrom } = called.ok as CustomerChanged
    output.line(`${output.bold(did)}\n  on ${chosen} from ${planFrom}`)
    output.result(called.ok)
    return EXIT.ok
  },
}
