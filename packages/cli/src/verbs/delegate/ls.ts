/**
 * `turnpike delegate ls`: the delegations that are here.
 * @module
 */
import { findSpace } from '@turnpike/node/authorize/space-keys'
import { showDelegations } from '@turnpike/node/authorize/show'
import { nodeClock } from '@turnpike/node/runtime'
import { delegationLine } from '../../delegation-line.ts'
import { EXIT } from '../../exit.ts'
import { readCatalog } from '../../read-catalog.ts'
import type { Verb } from '../../verb.ts'

/** The verb. It reads beside a running server. */
export const ls: Verb = {
  name: 'delegate ls',
  summary: 'List the delegations that are here, newest first.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: { space: { value: 'SPACE', doc: 'Only those of this space, by DID or name.' } },
  settings: ['data'],
  examples: [['turnpike delegate ls --space photos', 'Each with whether it is in force.']],
  async run({ options, loaded, output }) {
    const { space } = options
    const delegations = await readCatalog(loaded.settings.data, (catalog) => {
      const known = typeof space === 'string' ? findSpace(catalog, space).ok?.did : undefined
      const did = known ?? (typeof space === 'string' ? space : undefined)
      return showDelegations(catalog, did, nodeClock.nowMs())
    })
    for (const delegation of delegations) output.line(delegationLine(delegation))
    output.result({ delegations })
    return EXIT.ok
  },
}
