/**
 * `turnpike customer assign`: gives a space to a customer.
 * @module
 */
import { callOrOpen } from '@turnpike/node/control/client'
import { openHere } from '@turnpike/node/owner/open-here'
import type { SpaceAssigned } from '@turnpike/node/provisioning/operations'
import { needCustomer } from '../../customer-did.ts'
import { EXIT } from '../../exit.ts'
import { needFolder } from '../../need-folder.ts'
import { ownershipLine } from '../../ownership-line.ts'
import type { Verb } from '../../verb.ts'

/** The verb. */
export const assign: Verb = {
  name: 'customer assign',
  summary: 'Give a space to a customer, who pays for it and for what nobody paid before.',
  operands: 'SPACE CUSTOMER',
  operandsMin: 2,
  operandsMax: 2,
  options: {
    move: { doc: 'Even if another customer has it, who keeps this hour and all before.' },
  },
  settings: ['data', 'identity'],
  examples: [
    ['turnpike customer assign photos alice@example.com', 'A space that nobody had.'],
    ['turnpike customer assign photos bob@example.com --move', 'Bob pays from the next hour on.'],
  ],
  async run({ args, options, loaded, output, signal }) {
    const { data, identity } = loaded.settings
    needFolder(data)
    const params = {
      space: args[0]!,
      customer: needCustomer(args[1]!),
      provider: identity === 'key' ? undefined : identity,
      move: options.move === true,
    }
    const called = await callOrOpen(data, () => openHere(data), 'customerAssign', params, {
      signal,
    })
    if (called.error) throw called.error
    const owned = called.ok as SpaceAssigned
    output.line(`${output.bold(owned.customer)}\n  ${ownershipLine(owned)}`)
    output.result(owned)
    return EXIT.ok
  },
}
