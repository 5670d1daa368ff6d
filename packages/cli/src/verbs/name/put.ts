/**
 * `turnpike name put`: keeps a record that was made elsewhere.
 * @module
 */
import { open } from 'node:fs/promises'
import { ipnsNameFromString } from '@turnpike/core/ipns/name'
import { IPNS_RECORD_BYTES_MAX } from '@turnpike/core/limits/names'
import { callOrOpen } from '@turnpike/node/control/client'
import type { NamePutDone } from '@turnpike/node/names/operations'
import { openHere } from '@turnpike/node/owner/open-here'
import { EXIT } from '../../exit.ts'
import { needFolder } from '../../need-folder.ts'
import { UsageRefused, type Verb } from '../../verb.ts'

/** The verb. */
export const put: Verb = {
  name: 'name put',
  summary: 'Keep an IPNS record that was made elsewhere, as it is.',
  operands: 'NAME FILE',
  operandsMin: 2,
  operandsMax: 2,
  options: {},
  settings: ['data'],
  examples: [
    ['turnpike name put k51… k51….ipns-record', 'The name is served from then on.'],
    [
      'turnpike name put k51… broken.ipns-record --json',
      'A record that is not valid is kept with a warning, unless a valid one is there.',
    ],
  ],
  async run({ args, loaded, output, signal }) {
    const { data } = loaded.settings
    const [name, file] = args as [string, string]
    if (ipnsNameFromString(name) === undefined)
      throw new UsageRefused(`NAME expected an IPNS name such as k51…, got "${name}"`)
    needFolder(data)
    const record = (await readRecord(file)).toString('base64')
    const params = { name, record, evenInvalid: true }
    const called = await callOrOpen(data, () => openHere(data), 'namePut', params, { signal })
    if (called.error) throw called.error
    const done = called.ok as NamePutDone
    if (done.problem !== null)
      output.note(`turnpike name put: the record is not to be believed: ${done.problem}`)
    output.line(`/ipns/${done.name}  ${done.kept ? 'kept' : 'not kept: a better one is there'}`)
    output.result(done)
    return EXIT.ok
  },
}

/** The file, but no more of it than one byte beyond what a record may have. */
async function readRecord(file: string): Promise<Buffer> {
  const handle = await open(file).catch((cause: unknown) => {
    throw new Error(`${file} expected a file that can be read`, { cause })
  })
  try {
    const room = Buffer.alloc(IPNS_RECORD_BYTES_MAX + 1)
    const { bytesRead } = await handle.read(room, 0, room.length, 0)
    return room.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}
