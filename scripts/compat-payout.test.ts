/**
 * Egress tracking of storage nodes, by `@ucanto/client` against a running Turnpike, and what
 * `turnpike payout` says of it. `npm run compat` installs what it takes.
 * @module
 */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  batchOf,
  makeParties,
  receiptOf,
  serveBatches,
} from '../packages/node/src/payout/testing/batches.ts'
import { endProcesses, turnpikeJson } from './campaigns/rig/turnpike.ts'
import { loadClients, serveGateway, skip } from './storacha-clients.ts'

test('space/egress/track, and the receipt of its consolidation', { skip }, async (t) => {
  const { makeStorageNode } = await loadClients()
  const scratch = await mkdtemp(join(tmpdir(), 'turnpike-compat-'))
  const [node, server] = [await makeStorageNode(), await serveBatches()]
  t.after(async () => {
    await endProcesses()
    await server.close()
    await rm(scratch, { recursive: true, force: true })
  })
  const data = join(scratch, 'data')
  const nodes = ['--storage-nodes', `${node.did}=${server.origin}`]
  const gateway = await serveGateway(data, ...nodes, '--allow-private-origins')
  const parties = await makeParties(node.key)
  await turnpikeJson('space', 'create', 'stored', '--did', parties.space.did(), '--data', data)
  const batch = await batchOf([(await receiptOf(parties, { last: 4095 })).bytes])
  server.serve(batch)
  const file = join(scratch, 'node.ucan')
  const leave = ['--can', 'space/egress/track', '--audience', node.did, '--output', file]
  await turnpikeJson('delegate', 'operator', ...leave, '--data', data)
  const proof = new Uint8Array(await readFile(file))
  const told = await node.track(gateway, String(batch.cid), server.endpoint, proof)
  assert.deepEqual([told.ok, told.isSigned, told.fork.length], [{}, true, 1])
  let polled = await node.poll(gateway, told.fork[0]!)
  for (; polled === undefined; polled = await node.poll(gateway, told.fork[0]!)) await sleep(100)
  assert.deepEqual(polled, { ok: { totalEgress: 4096, errors: [] }, isSigned: true })
  const again = await node.track(gateway, String(batch.cid), server.endpoint)
  assert.deepEqual(again.fork, told.fork, 'a listed node may track in its own name')
  const elsewhere = await node.track(gateway, String(batch.cid), 'https://elsewhere.example/{cid}')
  assert.equal(elsewhere.error, 'EgressTrackError')
  const period = new Date().toISOString().slice(0, 7)
  const words = ['payout', '--provider', node.did, '--period', period]
  const statement = await turnpikeJson(...words, '--data', data)
  assert.deepEqual([statement.bytes, statement.status], [4096, 'draft'])
})
