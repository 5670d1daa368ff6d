import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACKS_BURST } from '@turnpike/core/limits/read-receipts'
import { silentObserver } from '@turnpike/gateway/observer'
import { ackRoutes } from './routes.ts'

test('so many are looked at in a minute', async () => {
  const answer = routeOf()
  const statuses = new Map<number, number>()
  for (let n = 0; n < ACKS_BURST + 5; n++) {
    const { status } = (await answer())!
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }
  assert.deepEqual(
    [...statuses],
    [
      [400, ACKS_BURST],
      [429, 5],
    ],
  )
})

/** The route by itself, asked with what is no acknowledgement; its clock stands still. */
function routeOf() {
  const [route] = ackRoutes({
    dataDir: '/nowhere',
    observer: silentObserver,
    clock: { nowMs: () => 0, monotonicMs: () => 0 },
    processes: 1,
    handTo: undefined,
  })
  const request = {
    method: 'POST',
    url: 'http://localhost/receipts/ack',
    headers: new Headers(),
    signal: new AbortController().signal,
    readBody: async () => new Uint8Array(2),
  }
  return async () => route!.answer({ request, url: new URL(request.url), rest: '' })
}
