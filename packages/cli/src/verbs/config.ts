/**
 * `turnpike config`: every setting, its value, and where that comes from.
 * @module
 */
import { describeSettings } from '@turnpike/node/config/describe'
import { SETTING_NAMES } from '@turnpike/node/config/settings'
import { EXIT } from '../exit.ts'
import type { Verb } from '../verb.ts'

/** The verb. */
export const config: Verb = {
  name: 'config',
  summary: 'Print each setting with its value and where that comes from.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {},
  settings: SETTING_NAMES,
  examples: [
    ['turnpike config', 'All settings as they are in force for ./turnpike-data.'],
    ['TURNPIKE_PORT=9000 turnpike config --json', 'For scripts.'],
  ],
  async run({ loaded, output }) {
    const shown = describeSettings(loaded)
    const width = Math.max(...shown.map(({ name }) => name.length))
    for (const { name, value, source } of shown)
      output.line(`${name.padEnd(width)}  ${value ?? '–'}  (${source})`)
    output.result({
      settings: Object.fromEntries(
        shown.map(({ name, value, source }) => [name, { value, source }]),
      ),
    })
    return EXIT.ok
  },
}
