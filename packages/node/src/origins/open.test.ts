import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestOrigin } from '../testing/origin.ts'
import { startTestS3 } from '../testing/s3.ts'
import { openOrigins, type OriginsOptions } from './open.ts'

const clock = { nowMs: Date.now, monotonicMs: () => 0 }
const strict: OriginsOptions = { clock, stores: [], trusts: () => false, allowPrivate: false }

async function read(options: OriginsOptions, url: string): Promise<string> {
  const origins = openOrigins(options)
  const site = { url, provider: '' }
  const blob = { multihash: undefined, key: url, size: 3, sites: [site] }
  const range = { first: 0, last: 2 }
  const opened = await origins.reader.open(blob, site, range, new AbortController().signal)
  const target = Buffer.alloc(3)
  const filled = opened.ok === undefined ? opened : await opened.ok.fill(target)
  origins.close()
  return filled.error?.name ?? target.toString()
}

test('only what the operator names may be private, http or a file', async () => {
  const origin = await startTestOrigin()
  const s3 = await startTestS3()
  origin.put('/a.car', Buffer.from('web'))
  s3.put('cars', 'a.car', Buffer.from('obj'))
  const stores = [{ endpoint: s3.url, region: 'auto', buckets: ['cars'] }]
  const url = `${origin.url}/a.car`
  assert.equal(await read(strict, url), 'OriginForbidden')
  assert.equal(await read({ ...strict, trusts: ({ href }) => href === url }, url), 'web')
  assert.equal(await read({ ...strict, allowPrivate: true }, url), 'web')
  assert.equal(await read({ ...strict, stores }, 's3://cars/a.car'), 'obj')
  assert.equal(await read({ ...strict, stores }, 's3://other/a.car'), 'OriginUnavailable')
  assert.equal(await read({ ...strict, stores }, `${s3.url}/cars/a.car`), 'OriginForbidden')
  const file = import.meta.url
  assert.equal(await read({ ...strict, allowPrivate: true }, file), 'OriginUnavailable')
  await origin.close()
  await s3.close()
})
