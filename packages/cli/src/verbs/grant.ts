/**
 * `turnpike grant`: bytes that customers are given beside what their plan includes.
 * @module
 */
import type { VerbGroup } from '../verb.ts'
import { add } from './grant/add.ts'
import { ls } from './grant/ls.ts'
import { voidGrant } from './grant/void.ts'

/** The verbs about grants. */
export const grant: VerbGroup = {
  name: 'grant',
  summary: 'Give customers egress beside what their plan includes.',
  verbs: [add, ls, voidGrant],
}
