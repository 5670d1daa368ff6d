/**
 * `turnpike customer add`: somebody new who pays.
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
export const add: Verb = {
  name: 'customer add',
  summary: 'Make a customer, by DID or email address, and put it on a plan.',
  operands: 'CUSTOMER',
  operandsMin: 1,
  operandsMax: 1,
  options: {
    plan: { value: 'PLAN', doc: "DID of the plan. Default: the plan file's standard one." },
  },
  settings: ['data', 'plans'],
  examples: [
    ['turnpike customer add alice@example.com', 'She is did:mailto:example.com:alice.'],
    ['turnpike customer add did:key:z6Mk… --plan did:web:lite.example.com', 'On a plan.'],
  ],
  async run({ args, options, loaded, output, signal }) {
    const { data, plans } = loaded.settings
    needFolder(data)
    const params = { did: needCustomer(args[0]!), plan: needPlan(options.plan, plans) }
    const called = await callOrOpen(data, () => openHere(data), 'customerAdd', params, { signal })
    if (called.error) throw called.error
    const { did, added, plan } = called.ok as CustomerChanged
    output.line(`${output.bold(did)}${added ? '' : ' was there already'}`)
    output.line(`  on ${plan ?? 'the standard plan'}`)
    output.result(called.ok)
    return EXIT.ok
  },
}
