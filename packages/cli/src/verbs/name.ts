/**
 * `turnpike name`: mutable names.
 * @module
 */
import type { VerbGroup } from '../verb.ts'
import { ls } from './name/ls.ts'
import { publish } from './name/publish.ts'
import { put } from './name/put.ts'
import { resolve } from './name/resolve.ts'

/** The verbs about names. */
export const name: VerbGroup = {
  name: 'name',
  summary: 'Publish names that stand for content, and look them up.',
  verbs: [publish, put, resolve, ls],
}
