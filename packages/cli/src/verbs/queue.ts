/**
 * `turnpike queue`: what other services are still to hear.
 * @module
 */
import type { VerbGroup } from '../verb.ts'
import { ls } from './queue/ls.ts'
import { redrive } from './queue/redrive.ts'

/** The verbs about the queue. */
export const queue: VerbGroup = {
  name: 'queue',
  summary: 'See what other services are still to hear, and try again what failed.',
  verbs: [ls, redrive],
}
