/**
 * `turnpike anchor`: the contract that epochs are anchored in.
 * @module
 */
import type { VerbGroup } from '../verb.ts'
import { deploy } from './anchor/deploy.ts'
import { operator } from './anchor/operator.ts'
import { register } from './anchor/register.ts'
import { status } from './anchor/status.ts'

/** The verbs about anchors on chains. */
export const anchor: VerbGroup = {
  name: 'anchor',
  summary: 'Anchor the log on a chain of the EVM.',
  verbs: [deploy, register, status, operator],
}
