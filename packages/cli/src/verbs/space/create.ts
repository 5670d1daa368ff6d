/**
 * `turnpike space create`: a space with a key of its own.
 * @module
 */
import { callOrOpen } from '@turnpike/node/control/client'
import type { SpaceCreated } from '@turnpike/node/authorize/operations'
import { frontDoorSettings } from '@turnpike/node/front-door/settings'
import { openHere } from '@turnpike/node/owner/open-here'
import { needCustomer } from '../../customer-did.ts'
import { EXIT } from '../../exit.ts'
import type { Verb } from '../../verb.ts'

/** The verb. */
export const create: Verb = {
  name: 'space create',
  summary: 'Make a space. Nobody is served its content until it delegates.',
  operands: 'NAME',
  operandsMin: 1,
  operandsMax: 1,
  options: {
    did: { value: 'DID', doc: 'A space that there is already, whose key is elsewhere.' },
    customer: { value: 'CUSTOMER', doc: 'DID or email address of who pays. Default: nobody yet.' },
  },
  settings: ['data', 'identity'],
  examples: [
    ['turnpike space create photos --customer alice@example.com', 'Alice pays for what is read.'],
    ['turnpike space create photos', 'Prints its DID. Its key is in keys/space-photos.key.'],
    [
      'turnpike space create alice --did did:key:z6Mk…',
      'Take content for it, and her delegations at the front door.',
    ],
  ],
  async run({ args, options, loaded, output, signal }) {
    const { data } = loaded.settings
    const { customer } = options
    const params = {
      name: args[0]!,
      did: options.did,
      customer: typeof customer === 'string' ? needCustomer(customer) : undefined,
      settings: frontDoorSettings(loaded.settings),
    }
    const called = await callOrOpen(data, () => openHere(data), 'spaceCreate', params, { signal })
    if (called.error) throw called.error
    const created = called.ok as SpaceCreated
    output.line(output.bold(created.did))
    const key =
      options.did === undefined
        ? `keys/space-${created.name}.key is its key: back it up`
        : 'its key is elsewhere'
    output.line(`  called ${created.name}; ${key}`)
    output.line(`  paid for by ${created.customer ?? 'nobody yet'}`)
    output.result(created)
    return EXIT.ok
  },
}
