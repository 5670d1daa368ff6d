/**
 * `turnpike delegate create`: lets a gateway serve a space.
 * @module
 */
import { writeFile } from 'node:fs/promises'
import { TOKEN_CHARS_MAX } from '@turnpike/core/limits/ucan'
import type { DelegationCreated } from '@turnpike/node/authorize/operations'
import { callOrOpen } from '@turnpike/node/control/client'
import { frontDoorSettings } from '@turnpike/node/front-door/settings'
import { openHere } from '@turnpike/node/owner/open-here'
import { nodeClock } from '@turnpike/node/runtime'
import { EXIT } from '../../exit.ts'
import { needFolder } from '../../need-folder.ts'
import { momentOf } from '../../moment.ts'
import { UsageRefused, type Invocation, type Verb } from '../../verb.ts'

/** The verb. */
export const create: Verb = {
  name: 'delegate create',
  summary: 'Let a gateway serve the content of a space: this one, unless told.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {
    space: { value: 'SPACE', doc: 'DID or name of the space; its key must be in this folder.' },
    token: {
      value: 'TOKEN',
      doc: 'Serve only requests with this token. Default: everybody.',
    },
    expires: {
      value: 'TIME',
      doc: 'When it ends: 30d, 12h, or a date. Default: never.',
    },
    audience: { value: 'DID', doc: 'The gateway that is let. Default: this one, which keeps it.' },
    output: { value: 'FILE', doc: 'Where to write a delegation for another gateway.' },
  },
  settings: ['data', 'identity'],
  examples: [
    ['turnpike delegate create --space photos', 'Everybody is served its content.'],
    ['turnpike delegate create --space photos --token s3cret', 'A private link.'],
    ['turnpike delegate create --space photos --expires 30d', 'For a month.'],
  ],
  async run({ options, loaded, output, signal }) {
    const { settings } = loaded
    const params = { ...paramsOf(options), settings: frontDoorSettings(settings) }
    const { data } = settings
    needFolder(data)
    const called = await callOrOpen(data, () => openHere(data), 'delegationCreate', params, {
      signal,
    })
    if (called.error) throw called.error
    const { archive, ...created } = called.ok as DelegationCreated
    const file = options.output
    if (archive !== null && typeof file === 'string')
      await writeFile(file, Buffer.from(archive, 'base64'), { mode: 0o600 })
    output.line(output.bold(created.cid))
    const where = archive === null ? 'it is in force here' : `it is in ${file}: send it there`
    output.line(`  lets ${created.audience} serve ${created.space}; ${where}`)
    output.result({ ...created, ...(archive !== null && { output: file }) })
    return EXIT.ok
  },
}

function paramsOf({ space, token, expires, audience, output }: Invocation['options']): object {
  if (typeof space !== 'string')
    throw new UsageRefused('--space expected a DID or a name, got none')
  if (audience !== undefined && output === undefined)
    throw new UsageRefused('--audience expected --output with it, to write the delegation to')
  if (token === '' || (typeof token === 'string' && token.length > TOKEN_CHARS_MAX))
    throw new UsageRefused(`--token expected 1 to ${TOKEN_CHARS_MAX} characters`)
  if (audience !== undefined && !/^did:[a-z]+:\S+$/.test(String(audience)))
    throw new UsageRefused(`--audience expected a DID, got "${audience}"`)
  const expiresMs = expires === undefined ? undefined : momentOf(String(expires), nodeClock.nowMs())
  if (expires !== undefined && expiresMs === undefined)
    throw new UsageRefused(`--expires expected 30d, 12h or a date to come, got "${expires}"`)
  return { space, token, audience, expiresMs }
}
