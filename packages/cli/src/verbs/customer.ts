/**
 * `turnpike customer`: who pays for which spaces, and on which plan.
 * @module
 */
import type { VerbGroup } from '../verb.ts'
import { add } from './customer/add.ts'
import { assign } from './customer/assign.ts'
import { ls } from './customer/ls.ts'
import { plan } from './customer/plan.ts'
import { remove } from './customer/remove.ts'
import { show } from './customer/show.ts'

/** The verbs about customers. */
export const customer: VerbGroup = {
  name: 'customer',
  summary: 'Say who pays for which spaces, and on which plan.',
  verbs: [add, ls, show, plan, assign, remove],
}
