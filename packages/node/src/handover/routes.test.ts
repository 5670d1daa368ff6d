import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentObserver } from '@turnpike/gateway/observer'
import { BATCH_TYPE } from '@turnpike/core/handover/batch'
import { BATCHES_IN_FLIGHT_MAX } from '@turnpike/core/limits/inbox'
import type { Asked } from '../front-door/routes.ts'
import { batchRoutes } from './routes.ts'

const options = {
  dataDir: '/nowhere',
  observer: silentObserver,
  processes: 2,
  audiences: ['did:key:home'],
  sources: ['did:key:edge'],
}

function askedWith(readBody: () => Promise<Uint8Array | undefined>): Asked {
  const url = new URL('http://gw.example/journal-batches')
  const headers = new Headers({ 'content-type': BATCH_TYPE })
  const { signal } = new AbortController()
  return { request: { method: 'POST', url: url.href, headers, signal, readBody }, url, rest: '' }
}

test('a process takes its share of the batches at once, and no more', async () => {
  const [route] = batchRoutes(options)
  const body = Promise.withResolvers<undefined>()
  const share = BATCHES_IN_FLIGHT_MAX / options.processes
  const slow = Array.from({ length: share }, () => route!.answer(askedWith(() => body.promise)))
  const more = await route!.answer(askedWith(async () => new Uint8Array(1)))
  assert.equal(more!.status, 503)
  assert.ok(more!.headers.some(([name]) => name === 'Retry-After'))
  body.resolve(undefined)
  for (const answer of await Promise.all(slow)) assert.equal(answer!.status, 413)
  const then = await route!.answer(askedWith(async () => new Uint8Array(1)))
  assert.equal(then!.status, 400)
})

test('with nobody to take batches from there is no route', () => {
  assert.deepEqual(batchRoutes({ ...options, sources: [] }), [])
})
