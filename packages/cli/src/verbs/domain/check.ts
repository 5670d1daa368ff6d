/**
 * `turnpike domain check`: asks DNS who owns a domain, and keeps what it says.
 * @module
 */
import type { DomainOwnerShown } from '@turnpike/node/domains/operations'
import { callFolder } from '../../call-folder.ts'
import { EXIT } from '../../exit.ts'
import type { Verb } from '../../verb.ts'

/** The verb. */
export const check: Verb = {
  name: 'domain check',
  summary: 'Ask DNS who owns a domain: owner=<did> in TXT records of _turnpike.<domain>.',
  operands: 'DOMAIN',
  operandsMin: 1,
  operandsMax: 1,
  options: {},
  settings: ['data', 'dnsResolver'],
  examples: [
    [
      'turnpike domain check docs.example.org',
      'Its owner, kept with the time. Exit code 1 when no record names one clearly.',
    ],
  ],
  async run({ args, loaded, output, signal }) {
    const params = { domain: args[0]! }
    const shown = (await callFolder(loaded, 'domainCheck', params, signal)) as DomainOwnerShown
    const { domain, owner, record, since } = shown
    output.line(owner === null ? `${domain}: no owner` : `${domain}  ${owner}  since ${since}`)
    if (owner === null)
      output.line(
        record === null
          ? `Set a TXT record at _turnpike.${domain}: owner=<did>`
          : `One record is to say owner=<did>; these do not: ${JSON.stringify(record)}`,
      )
    output.result(shown)
    return owner === null ? EXIT.failed : EXIT.ok
  },
}
