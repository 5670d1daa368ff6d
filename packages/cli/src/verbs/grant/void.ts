/**
 * `turnpike grant void`: takes a grant back.
 * @module
 */
import type { GrantChanged } from '@turnpike/node/quota/operations'
import { callFolder } from '../../call-folder.ts'
import { EXIT } from '../../exit.ts'
import { grantLine } from '../../grant-line.ts'
import type { Verb } from '../../verb.ts'

/** The verb. */
export const voidGrant: Verb = {
  name: 'grant void',
  summary: 'Take a grant back: it covers this hour still, and nothing after it.',
  operands: 'ID',
  operandsMin: 1,
  operandsMax: 1,
  options: {},
  settings: ['data', 'plans'],
  examples: [['turnpike grant void promo-7', 'What it has covered stays covered.']],
  async run({ args, loaded, output, signal }) {
    const grant = (await callFolder(loaded, 'grantVoid', { id: args[0] }, signal)) as GrantChanged
    output.line(`${output.bold(grant.customer)}\n  ${grantLine(grant)}`)
    output.result(grant)
    return EXIT.ok
  },
}
