/**
 * `turnpike receipts`: what reads leave behind, and whether it holds.
 * @module
 */
import type { VerbGroup } from '../verb.ts'
import { witness } from './receipts/witness.ts'

/** The verbs about receipts. */
export const receipts: VerbGroup = {
  name: 'receipts',
  summary: 'Prove reads, and check what others prove.',
  verbs: [witness],
}
