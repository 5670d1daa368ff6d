/**
 * `turnpike claims`: signed statements about where content lies.
 * @module
 */
import type { VerbGroup } from '../verb.ts'
import { ls } from './claims/ls.ts'
import { publish } from './claims/publish.ts'

/** The verbs about claims. */
export const claims: VerbGroup = {
  name: 'claims',
  summary: 'See what is claimed of content, and publish your own claims.',
  verbs: [ls, publish],
}
