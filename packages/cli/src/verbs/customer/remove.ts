/**
 * `turnpike customer remove`: takes a space from its customer.
 * @module
 */
import { callOrOpen } from '@turnpike/node/control/client'
import { openHere } from '@turnpike/node/owner/open-here'
import type { SpaceAssigned } from '@turnpike/node/provisioning/operations'
import { EXIT } from '../../exit.ts'
import { needFolder } from '../../need-folder.ts'
import { ownershipLine } from '../../ownership-line.ts'
import type { Verb } from '../../verb.ts'

/** The verb. */
export const remove: Verb = {
  name: 'customer remove',
  summary: 'Take a space from its customer. What is read later waits for the next one.',
  operands: 'SPACE',
  operandsMin: 1,
  operandsMax: 1,
  options: {},
  settings: ['data'],
  examples: [['turnpike customer remove photos', 'Its customer still pays for this hour.']],
  async run({ args, loaded, output, signal }) {
    const { data } = loaded.settings
    needFolder(data)
    const params = { space: args[0]! }
    const called = await callOrOpen(data, () => openHere(data), 'customerRemove', params, {
      signal,
    })
    if (called.error) throw called.error
    const owned = called.ok as SpaceAssigned
    output.line(`${output.bold(owned.customer)}\n  ${ownershipLine(owned)}`)
    output.result(owned)
    return EXIT.ok
  },
}
