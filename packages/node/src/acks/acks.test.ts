import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { LogReader } from '@turnpike/accounting/reader'
import { decodeState } from '@turnpike/accounting/state'
import { ACK_BODY_BYTES_MAX, ACKS_BURST } from '@turnpike/core/limits/read-receipts'
import { receiptIdOf } from '@turnpike/core/log/receipt-id'
import { silentObserver } from '@turnpike/gateway/observer'
import { accountingPaths } from '../accounting/open.ts'
import { addFile } from '../handover/testing/hosts.ts'
import { nodeHasher } from '../hasher.ts'
import { FileLogStore } from '../log/log-store.ts'
import { startDeployment, testFolder } from '../testing/deployment.ts'
import { ackRoutes } from './routes.ts'

const EXAMPLE = fileURLToPath(new URL('../../../../examples/acknowledge.mjs', import.meta.url))

test('the example fetches and signs, and its ACK is in the log; others are told', async (t) => {
  const folder = await testFolder()
  const deployment = await startDeployment(folder.path, { frontDoor: false })
  const stopped = { yet: false }
  t.after(async () => {
    if (!stopped.yet) await deployment.stop()
    await folder.remove()
    assert.deepEqual(deployment.crashes, [])
  })
  const url = await addFile(deployment, 1000)
  const { stdout } = await promisify(execFile)(process.execPath, [EXAMPLE, url])
  const [, receipt] = /^1000 bytes, receipt ([0-9a-f]{32}), acknowledged: true\n$/.exec(stdout)!
  await assertRefusals(new URL('/receipts/ack', url))
  stopped.yet = true
  await deployment.stop()
  const store = await FileLogStore.open(accountingPaths(folder.path).log)
  const state = decodeState(nodeHasher, store.load()!.bytes)
  const reader = new LogReader(store, nodeHasher, state)
  const entries = await Promise.all(
    Array.from({ length: state.size }, (_, index) => reader.entry(index)),
  )
  store.close()
  const ack = entries.find(({ kind }) => kind === 'ack')
  assert.ok(ack?.kind === 'ack')
  assert.equal(ack.entry.bytes, 1000n)
  const read = entries[ack.entry.index]
  assert.equal(read?.kind === 'read' && receiptIdOf(read.entry.id, nodeHasher), receipt)
})

/** What the address says to who is wrong. */
async function assertRefusals(address: URL): Promise<void> {
  const post = (body: string): Promise<Response> => fetch(address, { method: 'POST', body })
  const sample = {
    receipt: '0'.repeat(32),
    bytes: 1,
    ts: 1,
    key: Buffer.alloc(32, 1).toString('base64'),
    signature: Buffer.alloc(64, 2).toString('base64'),
  }
  assert.equal((await post('{}')).status, 400)
  assert.equal((await post(JSON.stringify(sample))).status, 403)
  assert.equal((await post(JSON.stringify(sample).padEnd(ACK_BODY_BYTES_MAX))).status, 403)
  assert.equal((await post(JSON.stringify(sample).padEnd(ACK_BODY_BYTES_MAX + 1))).status, 413)
  const preflight = await fetch(address, { method: 'OPTIONS' })
  assert.match(preflight.headers.get('access-control-allow-methods')!, /POST/)
  assert.equal((await fetch(address, { method: 'PUT', body: '' })).status, 405)
}

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
