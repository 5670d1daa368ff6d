/**
 * `turnpike receipts resume`: an operator has found out why an anchor contradicts the log.
 * @module
 */
import { callFolder } from '../../call-folder.ts'
import { EXIT } from '../../exit.ts'
import type { Verb } from '../../verb.ts'

/** The verb. */
export const resume: Verb = {
  name: 'receipts resume',
  summary: 'Go on after an anchor contradicted the log, once you know why.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {},
  settings: ['data'],
  examples: [
    [
      'turnpike receipts resume',
      'Ask the anchors again. If one still contradicts the log, it stands still again.',
    ],
  ],
  async run({ loaded, output, signal }) {
    const done = await callFolder(loaded, 'anchorConflictForget', {}, signal)
    const { forgotten } = done as { readonly forgotten: string | null }
    output.line(forgotten === null ? 'No anchor contradicts the log.' : `Forgotten: ${forgotten}`)
    output.result(done)
    return EXIT.ok
  },
}
