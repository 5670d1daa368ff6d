/**
 * `turnpike delegate`: who may serve a space's content, to whom, until when.
 * @module
 */
import type { VerbGroup } from '../verb.ts'
import { create } from './delegate/create.ts'
import { importFile } from './delegate/import.ts'
import { ls } from './delegate/ls.ts'
import { operator } from './delegate/operator.ts'
import { revoke } from './delegate/revoke.ts'

/** The verbs about delegations. */
export const delegate: VerbGroup = {
  name: 'delegate',
  summary: 'Let gateways serve a space, and take that back.',
  verbs: [create, ls, revoke, importFile, operator],
}
