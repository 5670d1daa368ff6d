/**
 * A host that is for one space, over HTTP.
 * @module
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get } from 'node:http'
import { test } from 'node:test'
import { SPACES } from './testing/chains.ts'
import { privateRig } from './testing/private-space.ts'

test('a host of another space serves none of what all others are served', async (t) => {
  const hostSpaces = [{ host: 'other.example', space: SPACES[0]!.did() }]
  const { deployment, path, delegate } = await privateRig(t, { hostSpaces })
  await delegate()
  const status = async (host: string): Promise<number | undefined> => {
    const { port } = new URL(deployment.url)
    const [response] = await once(
      get({ host: '127.0.0.1', port, path, headers: { host } }),
      'response',
    )
    response.resume()
    return response.statusCode
  }
  assert.equal(await status('any.example'), 200)
  assert.equal(await status('other.example'), 404)
  assert.equal(await status('other.example:81'), 404, 'at any port')
  assert.equal(await status('OTHER.example'), 404, 'in any case')
})
