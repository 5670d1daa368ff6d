/**
 * `turnpike audit`: recomputes what is billed, by code that shares nothing with what it checks.
 * @module
 */
import type { VerbGroup } from '../verb.ts'
import { ledger } from './audit/ledger.ts'

/** The audits. */
export const audit: VerbGroup = {
  name: 'audit',
  summary: 'Recompute what is billed from the log, by code of its own.',
  verbs: [ledger],
}
