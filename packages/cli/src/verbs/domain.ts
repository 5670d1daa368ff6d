/**
 * `turnpike domain`: who owns domains, by DNS.
 * @module
 */
import type { VerbGroup } from '../verb.ts'
import { check } from './domain/check.ts'
import { ls } from './domain/ls.ts'

/** The verbs about domains. */
export const domain: VerbGroup = {
  name: 'domain',
  summary: 'Look up who owns a domain, and list what was found.',
  verbs: [check, ls],
}
