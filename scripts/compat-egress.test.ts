/**
 * Storacha's capability to record egress, invoked by `@ucanto/client` against a running Turnpike.
 * `npm run compat` installs what it takes; without it the tests are skipped.
 * @module
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { endProcesses, turnpikeJson } from './campaigns/rig/turnpike.ts'
import { loadClients, serveGateway, skip, type Gateway, type Owner } from './storacha-clients.ts'
import type { Recorder } from './storacha-clients.ts'

const RESOURCE = 'bafkqaaa'

let scratch: string
let data: string
let gateway: Gateway
let owner: Owner
let recorder: Recorder

if (!skip) {
  before(async () => {
    const clients = await loadClients()
    scratch = await mkdtemp(join(tmpdir(), 'turnpike-compat-'))
    data = join(scratch, 'data')
    gateway = await serveGateway(data)
    owner = await clients.makeOwner(gateway)
    await owner.serve()
    recorder = await clients.makeRecorder(gateway, owner)
  })

  after(async () => {
    await endProcesses()
    await rm(scratch, { recursive: true, force: true })
  })
}

test('a hundred records in one message are billed to the space, once', { skip }, async () => {
  const servedAt = Date.now() - 60_000
  const reads = Array.from({ length: 100 }, (_, n) => {
    return { resource: RESOURCE, bytes: n + 1, servedAt, nonce: `${n}` }
  })
  const told = await recorder.record(reads)
  assert.equal(told.length, 100)
  for (const { ok, isSigned, task } of told) {
    assert.deepEqual([isSigned, ok?.cause], [true, task])
    assert.deepEqual([ok?.space, ok?.resource], [owner.did, RESOURCE])
    assert.equal(ok?.servedAt, new Date(servedAt).toISOString())
  }
  assert.deepEqual(await recorder.record(reads.slice(0, 10)), told.slice(0, 10))
  const usage = await turnpikeJson('usage', '--data', data)
  assert.deepEqual([usage.reads, usage.bytes], [100, 5050])
})

test('a record in seconds is refused beside a good one', { skip }, async () => {
  const nowMs = Date.now()
  const read = { resource: RESOURCE, bytes: 7, servedAt: nowMs, nonce: 'good' }
  const seconds = { ...read, servedAt: Math.floor(nowMs / 1000) }
  const [first, second] = await recorder.record([seconds, read])
  assert.deepEqual([first?.error, second?.error], ['ServedAtSeconds', undefined])
})
