/**
 * `turnpike domain ls`: owners of domains, as DNS named them when it was asked.
 * @module
 */
import { DOMAINS_LISTED_MAX } from '@turnpike/core/limits/read-receipts'
import type { DomainOwnerShown } from '@turnpike/node/domains/operations'
import { callFolder } from '../../call-folder.ts'
import { EXIT } from '../../exit.ts'
import { tableLines } from '../../table-lines.ts'
import type { Verb } from '../../verb.ts'

/** The verb. */
export const ls: Verb = {
  name: 'domain ls',
  summary: 'List domains whose owner was looked up; or what was found of one, newest first.',
  operands: '[DOMAIN]',
  operandsMin: 0,
  operandsMax: 1,
  options: {
    after: { value: 'DOMAIN', doc: 'Those that come after this one by name.' },
  },
  settings: ['data'],
  examples: [
    ['turnpike domain ls', 'Each domain, its owner, and when DNS was last asked.'],
    ['turnpike domain ls docs.example.org --json', 'All changes of one domain, for scripts.'],
  ],
  async run({ args, options, loaded, output, signal }) {
    const [domain] = args
    const { after } = options
    const params = { ...(domain && { domain }), ...(after !== undefined && { after }) }
    const shown = (await callFolder(loaded, 'domainLs', params, signal)) as {
      readonly domains: readonly DomainOwnerShown[]
    }
    for (const line of tableLines(shown.domains.map(rowOf))) output.line(line)
    const last = shown.domains.at(-1)
    if (domain === undefined && shown.domains.length === DOMAINS_LISTED_MAX)
      output.line(`… and maybe more: turnpike domain ls --after ${last!.domain}`)
    output.result(shown)
    return EXIT.ok
  },
}

function rowOf({ domain, owner, since, checked }: DomainOwnerShown): string[] {
  return [domain, owner ?? 'no owner', `since ${since}`, `asked ${checked}`]
}
