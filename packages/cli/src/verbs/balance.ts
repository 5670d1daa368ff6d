/**
 * `turnpike balance`: money that customers have paid before they use it.
 * @module
 */
import type { VerbGroup } from '../verb.ts'
import { credit } from './balance/credit.ts'
import { show } from './balance/show.ts'

/** The verbs about balances. */
export const balance: VerbGroup = {
  name: 'balance',
  summary: 'Keep what customers on prepaid plans have paid.',
  verbs: [credit, show],
}
