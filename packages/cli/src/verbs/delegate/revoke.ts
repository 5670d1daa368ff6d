/**
 * `turnpike delegate revoke`: takes a delegation back.
 * @module
 */
import type { DelegationRevoked } from '@turnpike/node/authorize/operations'
import { callOrOpen } from '@turnpike/node/control/client'
import { openHere } from '@turnpike/node/owner/open-here'
import { EXIT } from '../../exit.ts'
import { needFolder } from '../../need-folder.ts'
import type { Verb } from '../../verb.ts'

/** The verb. */
export const revoke: Verb = {
  name: 'delegate revoke',
  summary: 'Take a delegation back, for good; what stands on it falls, too.',
  operands: 'CID',
  operandsMin: 1,
  operandsMax: 1,
  options: {},
  settings: ['data'],
  examples: [
    ['turnpike delegate revoke bafyrei…', 'In force within a second, on answers under way, too.'],
  ],
  async run({ args, loaded, output, signal }) {
    const { data } = loaded.settings
    needFolder(data)
    const params = { cid: args[0]! }
    const called = await callOrOpen(data, () => openHere(data), 'delegationRevoke', params, {
      signal,
    })
    if (called.error) throw called.error
    const revoked = called.ok as DelegationRevoked
    output.line(`Revoked ${output.bold(revoked.cid)}.`)
    if (revoked.delegations === 0)
      output.note('No delegation here has this CID; others may stand on it, or come later.')
    output.result(revoked)
    return EXIT.ok
  },
}
