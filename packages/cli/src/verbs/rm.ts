/**
 * `turnpike rm`: withdraws content from the space.
 * @module
 */
import { callOrOpen } from '@turnpike/node/control/client'
import { openHere } from '@turnpike/node/owner/open-here'
import { EXIT } from '../exit.ts'
import { needFolder } from '../need-folder.ts'
import type { Verb } from '../verb.ts'

/** The verb. */
export const rm: Verb = {
  name: 'rm',
  summary: 'Withdraw content that was added as a whole.',
  operands: 'CID',
  operandsMin: 1,
  operandsMax: 1,
  options: { space: { value: 'DID', doc: 'The space, when it is not the default one.' } },
  settings: ['data'],
  examples: [
    ['turnpike rm bafybei…', 'It is not served any more, at once. turnpike gc frees its room.'],
  ],
  async run({ args, options, loaded, output, signal }) {
    const { data } = loaded.settings
    needFolder(data)
    const params = { cid: args[0], space: options.space }
    const removed = await callOrOpen(data, () => openHere(data), 'rm', params, { signal })
    if (removed.error) throw removed.error
    output.line(`Withdrew ${args[0]}. Run turnpike gc to free its room.`)
    output.result({ cid: args[0], ...removed.ok })
    return EXIT.ok
  },
}
