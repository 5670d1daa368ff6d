/**
 * `turnpike receipts`: what reads leave behind, and whether it holds.
 * @module
 */
import type { VerbGroup } from '../verb.ts'
import { audit } from './receipts/audit.ts'
import { bundle } from './receipts/bundle.ts'
import { epochs } from './receipts/epochs.ts'
import { fsck } from './receipts/fsck.ts'
import { monitor } from './receipts/monitor.ts'
import { prove } from './receipts/prove.ts'
import { resume } from './receipts/resume.ts'
import { verify } from './receipts/verify.ts'
import { witness } from './receipts/witness.ts'

/** The verbs about receipts. */
export const receipts: VerbGroup = {
  name: 'receipts',
  summary: 'Prove reads, and check what others prove.',
  verbs: [bundle, verify, audit, epochs, fsck, monitor, prove, resume, witness],
}
