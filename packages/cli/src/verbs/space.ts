/**
 * `turnpike space`: whose content it is.
 * @module
 */
import type { VerbGroup } from '../verb.ts'
import { create } from './space/create.ts'
import { info } from './space/info.ts'
import { ls } from './space/ls.ts'

/** The verbs about spaces. */
export const space: VerbGroup = {
  name: 'space',
  summary: 'Make spaces, which content belongs to, and look at them.',
  verbs: [create, ls, info],
}
