/**
 * `turnpike delegate operator`: lets somebody ask in the gateway's name.
 * @module
 */
import { writeFile } from 'node:fs/promises'
import { OPERATOR_ABILITIES, type OperatorDelegation } from '@turnpike/node/authorize/operator'
import { callOrOpen } from '@turnpike/node/control/client'
import { frontDoorSettings } from '@turnpike/node/front-door/settings'
import { openHere } from '@turnpike/node/owner/open-here'
import { nodeClock } from '@turnpike/node/runtime'
import { EXIT } from '../../exit.ts'
import { momentOf } from '../../moment.ts'
import { needFolder } from '../../need-folder.ts'
import { UsageRefused, type Verb } from '../../verb.ts'

/** The verb. */
export const operator: Verb = {
  name: 'delegate operator',
  summary: 'Let a storage node, or a tool of yours, ask something in the gateway’s name.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {
    can: { value: 'ABILITY', doc: `What: ${OPERATOR_ABILITIES.join(', ')}.` },
    audience: { value: 'DID', doc: 'Who.' },
    expires: { value: 'TIME', doc: 'When it ends: 30d, 12h, or a date. Default: never.' },
    output: { value: 'FILE', doc: 'Where to write the delegation.' },
  },
  settings: ['data', 'identity'],
  examples: [
    [
      'turnpike delegate operator --can space/egress/track --audience did:key:z6Mk… ' +
        '--output node.ucan',
      'A storage node may tell of its batches.',
    ],
  ],
  async run({ options, loaded, output, signal }) {
    const { can, audience, expires, output: file } = options
    if (typeof file !== 'string') throw new UsageRefused('--output expected a file')
    const expiresMs =
      expires === undefined ? undefined : momentOf(String(expires), nodeClock.nowMs())
    if (expires !== undefined && expiresMs === undefined)
      throw new UsageRefused(`--expires expected 30d, 12h or a date to come, got "${expires}"`)
    const { settings } = loaded
    const { data } = settings
    needFolder(data)
    const params = { can, audience, expiresMs, settings: frontDoorSettings(settings) }
    const open = () => openHere(data)
    const called = await callOrOpen(data, open, 'delegationOperator', params, { signal })
    if (called.error) throw called.error
    const { archive, ...issued } = called.ok as OperatorDelegation
    await writeFile(file, Buffer.from(archive, 'base64'), { mode: 0o600 })
    output.line(output.bold(issued.cid))
    output.line(`  lets ${issued.audience} ask ${issued.can}; it is in ${file}: send it there`)
    output.result({ ...issued, output: file })
    return EXIT.ok
  },
}
