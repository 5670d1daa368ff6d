/**
 * `turnpike ledger`: the sums that usage and statements are made of.
 * @module
 */
import type { VerbGroup } from '../verb.ts'
import { rebuild } from './ledger/rebuild.ts'

/** The verbs about the ledger. */
export const ledger: VerbGroup = {
  name: 'ledger',
  summary: 'Count the log again.',
  verbs: [rebuild],
}
