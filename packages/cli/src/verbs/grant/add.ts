/**
 * `turnpike grant add`: gives a customer bytes.
 * @module
 */
import type { GrantChanged } from '@turnpike/node/quota/operations'
import { callFolder } from '../../call-folder.ts'
import { needCustomer } from '../../customer-did.ts'
import { EXIT } from '../../exit.ts'
import { grantLine } from '../../grant-line.ts'
import { UsageRefused, type Verb } from '../../verb.ts'

/** The verb. */
export const add: Verb = {
  name: 'grant add',
  summary: 'Give a customer egress beside what the plan includes.',
  operands: 'CUSTOMER SIZE',
  operandsMin: 2,
  operandsMax: 2,
  options: {
    id: { value: 'ID', doc: 'Name of the grant: the same one again is not given twice.' },
    priority: { value: 'NUMBER', doc: '0 to 255: lower ones are used first. Default: 0.' },
    from: { value: 'TIME', doc: 'From this hour on. Default: this hour.' },
    until: { value: 'TIME', doc: 'Until the end of this hour. Default: no end.' },
  },
  settings: ['data', 'plans'],
  examples: [
    ['turnpike grant add alice@example.com "50 GiB"', 'From this hour on, until it is used up.'],
    [
      'turnpike grant add alice@example.com 1TiB --until 2027-01-01 --id promo-7 --priority 10',
      'Used after others, gone with the year; a second time it changes nothing.',
    ],
  ],
  async run({ args, options, loaded, output, signal }) {
    const { id, from, until } = options
    const given = { customer: needCustomer(args[0]!), bytes: args[1]!, id, from, until }
    const params = { ...given, priority: priorityOf(options['priority']) }
    const grant = (await callFolder(loaded, 'grantAdd', params, signal)) as GrantChanged
    output.line(`${output.bold(grant.customer)}${grant.added === false ? ' had it already' : ''}`)
    output.line(`  ${grantLine(grant)}`)
    output.result(grant)
    return EXIT.ok
  },
}

function priorityOf(given: string | true | undefined): number | undefined {
  if (given === undefined) return undefined
  if (/^\d{1,3}$/.test(String(given))) return Number(given)
  throw new UsageRefused(`--priority expected 0 to 255, got "${given}"`)
}
