/**
 * `turnpike gc`: frees what no space holds.
 * @module
 */
import type { Collected } from '@turnpike/node/add/gc'
import { callOrOpen } from '@turnpike/node/control/client'
import { openHere } from '@turnpike/node/owner/open-here'
import { EXIT } from '../exit.ts'
import { needFolder } from '../need-folder.ts'
import { formatBytes, formatCount } from '../units.ts'
import type { Verb } from '../verb.ts'

/** The verb. */
export const gc: Verb = {
  name: 'gc',
  summary: 'Free the room of content that was withdrawn.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {},
  settings: ['data'],
  examples: [['turnpike gc', 'What another space, or another root, holds stays.']],
  async run({ loaded, output, signal }) {
    const { data } = loaded.settings
    needFolder(data)
    const called = await callOrOpen(data, () => openHere(data), 'gc', {}, { signal })
    if (called.error) throw called.error
    const { blobs, bytes } = called.ok as Collected
    output.line(`Freed ${formatBytes(bytes)} in ${formatCount(blobs)} files.`)
    output.result(called.ok)
    return EXIT.ok
  },
}
