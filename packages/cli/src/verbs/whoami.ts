/**
 * `turnpike whoami`: who the gateway of a data folder is.
 * @module
 */
import { callOrOpen } from '@turnpike/node/control/client'
import { identityOf } from '@turnpike/node/identity/identity'
import { openHere } from '@turnpike/node/owner/open-here'
import type { Whoami } from '@turnpike/node/owner/operations'
import { EXIT } from '../exit.ts'
import { needFolder } from '../need-folder.ts'
import type { Verb } from '../verb.ts'

/** The verb. */
export const whoami: Verb = {
  name: 'whoami',
  summary: 'Show the DID of the gateway, its key, and its default space.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {},
  settings: ['data', 'identity', 'publicUrl'],
  examples: [
    ['turnpike whoami', 'What spaces delegate to.'],
    ['turnpike whoami --json', 'For programs: `did`, `key`, `defaultSpace` and more.'],
  ],
  async run({ loaded, output, signal }) {
    const { data, identity, publicUrl } = loaded.settings
    needFolder(data)
    const called = await callOrOpen(data, () => openHere(data), 'whoami', {}, { signal })
    if (called.error) throw called.error
    const { gateway: key, previous, defaultSpace } = called.ok as Whoami
    const { did } = identityOf(identity, { gateway: key, previous })
    output.line(`Gateway        ${output.bold(did)}`)
    if (did !== key) output.line(`Key            ${key}`)
    for (const before of previous) output.line(`Previous key   ${before}`)
    output.line(`Default space  ${defaultSpace}`)
    if (publicUrl !== undefined) output.line(`URL            ${publicUrl}`)
    output.result({ did, key, previous, defaultSpace, publicUrl: publicUrl ?? null })
    return EXIT.ok
  },
}
