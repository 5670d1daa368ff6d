/**
 * `turnpike space info`: one space, and whom it lets serve it.
 * @module
 */
import { findSpace } from '@turnpike/node/authorize/space-keys'
import { showDelegations, showSpaces } from '@turnpike/node/authorize/show'
import { nodeClock } from '@turnpike/node/runtime'
import { delegationLine } from '../../delegation-line.ts'
import { EXIT } from '../../exit.ts'
import { readCatalog } from '../../read-catalog.ts'
import { formatBytes, formatCount } from '../../units.ts'
import type { Verb } from '../../verb.ts'

/** The verb. It reads beside a running server. */
export const info: Verb = {
  name: 'space info',
  summary: 'Show a space, what it holds, and its delegations.',
  operands: 'SPACE',
  operandsMin: 1,
  operandsMax: 1,
  options: {},
  settings: ['data'],
  examples: [['turnpike space info default', 'By its name, or by its DID.']],
  async run({ args, loaded, output }) {
    const result = await readCatalog(loaded.settings.data, (catalog) => {
      const found = findSpace(catalog, args[0]!)
      if (found.error) throw found.error
      const { did } = found.ok
      const space = showSpaces(catalog).find((one) => one.did === did)!
      const delegations = showDelegations(catalog, did, nodeClock.nowMs())
      return { ...space, delegations }
    })
    const { did, name, customer, roots, bytes, delegations } = result
    output.line(`${output.bold(did)}  ${name}`)
    output.line(`  of ${customer ?? 'nobody'}: ${formatCount(roots)} roots, ${formatBytes(bytes)}`)
    for (const delegation of delegations) output.line(`  ${delegationLine(delegation)}`)
    output.result(result)
    return EXIT.ok
  },
}
