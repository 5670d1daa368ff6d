import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentObserver } from '@turnpike/gateway/observer'
import { groupOf } from '@turnpike/accounting/testing/entries'
import { BATCH_TYPE, makeBatch } from '@turnpike/core/handover/batch'
import { BATCHES_IN_FLIGHT_MAX } from '@turnpike/core/limits/inbox'
import { BODIES_READ_MAX } from '@turnpike/core/limits/ucan'
import { testKey } from '@turnpike/core/testing/keys'
import type { SizedAnswer } from '@turnpike/gateway/control-answer'
import { nodeHasher } from '../hasher.ts'
import type { Asked } from '../front-door/routes.ts'
import { batchRoutes } from './routes.ts'

const edge = testKey(1)
const home = testKey(2)
const options = {
  dataDir: '/nowhere',
  observer: silentObserver,
  processes: 2,
  audiences: [home.did],
  sources: [edge.did],
}

/** A body of which nothing comes any more. */
function never(_: number, signal?: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    signal!.addEventListener('abort', () => resolve(undefined))
  })
}

function askedWith(readBody: NonNullable<Asked['request']['readBody']>): Asked {
  const url = new URL('http://gw.example/journal-batches')
  const headers = new Headers({ 'content-type': BATCH_TYPE })
  const { signal } = new AbortController()
  return { request: { method: 'POST', url: url.href, headers, signal, readBody }, url, rest: '' }
}

function textOf(answer: SizedAnswer | undefined): string {
  return new TextDecoder().decode(answer!.body as Uint8Array)
}

test('a process takes its share of the batches at once, and no more', async () => {
  const [route] = batchRoutes(options)
  const says = { source: edge.did, audience: home.did, journal: '0', first: 0, madeMs: 1 }
  const batch = await makeBatch(says, [groupOf(1)], { signer: edge, hasher: nodeHasher })
  const share = BATCHES_IN_FLIGHT_MAX / options.processes
  const answering = Array.from({ length: share + 1 }, () =>
    route!.answer(askedWith(async () => batch)),
  )
  const answers = await Promise.all(answering)
  for (const { status, headers } of answers.map((answer) => answer!)) {
    assert.equal(status, 503)
    assert.ok(headers.some(([name]) => name === 'Retry-After'))
  }
  const tooMany = answers.filter((answer) => textOf(answer).startsWith('too many batches'))
  assert.equal(tooMany.length, 1, 'the others were asked of the owner, who is not there')
})

test('bodies that come slowly, or are of strangers, keep no batch out', async () => {
  const [route] = batchRoutes(options)
  const slow = Array.from({ length: BODIES_READ_MAX }, () => route!.answer(askedWith(never)))
  const then = await route!.answer(askedWith(async () => new Uint8Array(1)))
  assert.equal(then!.status, 400)
  const first = await slow[0]
  assert.equal(first!.status, 503)
  assert.match(textOf(first), /^too many batches/)
})

test('with nobody to take batches from there is no route', () => {
  assert.deepEqual(batchRoutes({ ...options, sources: [] }), [])
})
