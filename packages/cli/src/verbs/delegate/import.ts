/**
 * `turnpike delegate import`: a delegation that somebody sent.
 * @module
 */
import { readFile } from 'node:fs/promises'
import type { DelegationCreated } from '@turnpike/node/authorize/operations'
import { callOrOpen } from '@turnpike/node/control/client'
import { frontDoorSettings } from '@turnpike/node/front-door/settings'
import { openHere } from '@turnpike/node/owner/open-here'
import { EXIT } from '../../exit.ts'
import { needFolder } from '../../need-folder.ts'
import type { Verb } from '../../verb.ts'

/** The verb. */
export const importFile: Verb = {
  name: 'delegate import',
  summary: 'Keep a delegation that lets this gateway serve a space, once it is checked.',
  operands: 'FILE',
  operandsMin: 1,
  operandsMax: 1,
  options: {
    space: {
      value: 'DID',
      doc: 'The space that it must be about. Default: the one that it names.',
    },
  },
  settings: ['data', 'identity', 'didMap', 'attestAuthorities'],
  examples: [
    ['turnpike delegate import g.car', 'The archive that delegate create wrote elsewhere.'],
  ],
  async run({ args, options, loaded, output, signal }) {
    const { data } = loaded.settings
    needFolder(data)
    const archive = (await readFile(args[0]!)).toString('base64')
    const params = { archive, space: options.space, settings: frontDoorSettings(loaded.settings) }
    const called = await callOrOpen(data, () => openHere(data), 'delegationImport', params, {
      signal,
    })
    if (called.error) throw called.error
    const { archive: _, ...kept } = called.ok as DelegationCreated
    output.line(output.bold(kept.cid))
    output.line(`  lets this gateway serve ${kept.space}`)
    output.result(kept)
    return EXIT.ok
  },
}
