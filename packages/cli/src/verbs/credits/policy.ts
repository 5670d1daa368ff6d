/**
 * `turnpike credits policy`: what a read earns.
 * @module
 */
import { readFile } from 'node:fs/promises'
import type { CreditPolicies } from '@turnpike/node/credits/operations'
import type { ShownPolicy, ShownRule } from '@turnpike/node/credits/show'
import { callFolder } from '../../call-folder.ts'
import { EXIT } from '../../exit.ts'
import { needText } from '../../need-text.ts'
import type { Output } from '../../output.ts'
import { UsageRefused, type Verb } from '../../verb.ts'

/** The verb. */
export const policy: Verb = {
  name: 'credits policy',
  summary: 'Say what a read earns from an hour on, or show what it does.',
  operands: '[FILE]',
  operandsMin: 0,
  operandsMax: 1,
  options: {
    id: { value: 'ID', doc: 'Name of the decision: the same one again changes nothing.' },
    from: { value: 'TIME', doc: 'For reads from this hour on. Default: the next hour.' },
    note: { value: 'TEXT', doc: 'Why.' },
  },
  settings: ['data'],
  examples: [
    ['turnpike credits policy', 'The policy in force, and those to come.'],
    ['turnpike credits policy policy.json --id prop-8', 'In force from the next hour on.'],
    [
      'turnpike credits policy policy.json --id 2027 --from 2027-01-01',
      'In force from the year 2027 on. Policies of the past stay as they were.',
    ],
  ],
  async run({ args: [file], options, loaded, output, signal }) {
    const { from, note } = options
    const params =
      file === undefined
        ? {}
        : { id: needText(options, 'id'), from, note, terms: await readTerms(file) }
    const policies = (await callFolder(loaded, 'creditPolicy', params, signal)) as CreditPolicies
    if (policies.added === false) output.line('This decision was known.')
    if (policies.inForce === null) output.line('No policy is in force: reads earn nothing.')
    else show(policies.inForce, 'in force', output)
    for (const coming of policies.coming) show(coming, 'to come', output)
    output.result(policies)
    return EXIT.ok
  },
}

async function readTerms(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    throw new UsageRefused(`${file} expected a policy in JSON: ${(error as Error).message}`)
  }
}

function show(shown: ShownPolicy, when: string, output: Output): void {
  const { id, from, perGib, epochBudget, lostPerHour, ttlHours } = shown
  output.line(`${output.bold(id)}, ${when}, for reads from ${from} on`)
  output.line(`  ${perGib} credits a GiB, at most ${epochBudget} an hour`)
  output.line(`  worth less by ${lostPerHour} of itself an hour, and nothing after ${ttlHours} h`)
  for (const [name, rule] of Object.entries(shown.providers)) output.line(ruleLine(name, rule))
  output.line(ruleLine('any other provider', shown.otherProviders))
  for (const [name, rule] of Object.entries(shown.regions)) output.line(ruleLine(name, rule))
  output.line(ruleLine('any other region', shown.otherRegions))
}

function ruleLine(name: string, { weight, cap }: ShownRule): string {
  return `  ${name}: times ${weight}${cap === undefined ? '' : `, at most ${cap} an hour`}`
}
