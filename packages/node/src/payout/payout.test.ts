/**
 * A storage node and a deployment, over HTTP: batches are tracked, receipted, and paid.
 * @module
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { CAR as Car, Delegation, DID, invoke, Message, type API } from '@ucanto/core'
import { loadKey } from '../folder/keys.ts'
import { folderPaths } from '../folder/layout.ts'
import { takeText } from '../statements/files.ts'
import { startDeployment, testFolder, type Deployment } from '../testing/deployment.ts'
import { connectTo } from '../testing/messages.ts'
import { type Batch, batchOf, makeParties, receiptOf, serveBatches } from './testing/batches.ts'
import type { BatchServer, Parties } from './testing/batches.ts'

const CALL = { signal: new AbortController().signal, progress: () => {} }

interface Rig {
  readonly deployment: Deployment
  readonly folder: string
  readonly gateway: string
  readonly parties: Parties
  readonly server: BatchServer
  track(
    batch: Batch,
    how?: { with?: string; proofs?: API.Delegation[]; endpoint?: string },
  ): Promise<API.Receipt>
}

async function rig(t: TestContext): Promise<Rig> {
  const folder = await testFolder()
  const parties = await makeParties()
  const server = await serveBatches()
  const { node, space } = parties
  const deployment = await startDeployment(folder.path, {
    storageNodes: [{ did: node.did(), origin: server.origin }],
    payoutPricePerGib: '1 USD',
    allowPrivateOrigins: true,
  })
  t.after(async () => {
    await deployment.stop()
    await server.close()
    await folder.remove()
    assert.deepEqual(deployment.crashes, [])
  })
  const { gateway } = deployment.turnpike.whoami
  const key = await loadKey(folderPaths(folder.path).keys, 'gateway')
  const leave = await Delegation.delegate({
    issuer: key,
    audience: node,
    capabilities: [{ can: 'space/egress/track', with: gateway }],
    expiration: Infinity,
  })
  const made = { name: 'stored', did: space.did() }
  assert.ok((await deployment.turnpike.operations['spaceCreate']!(made, CALL)).ok)
  return {
    deployment,
    folder: folder.path,
    gateway,
    parties,
    server,
    async track({ cid }, { with: resource = gateway, proofs = [leave], endpoint } = {}) {
      const nb = { receipts: cid, endpoint: endpoint ?? server.endpoint }
      const invocation = invoke({
        issuer: node,
        audience: DID.parse(gateway),
        capability: { can: 'space/egress/track', with: resource, nb },
        proofs,
        nonce: crypto.randomUUID(),
      } as never)
      const connection = connectTo(deployment.url, gateway)
      const told: readonly API.Receipt[] = await connection.execute(...([invocation] as never))
      return told[0]!
    },
  }
}

/** The receipt of a consolidation, as a node polls it. */
async function polled(url: string, task: string): Promise<API.Receipt> {
  for (const endMs = Date.now() + 15_000; ; await sleep(50)) {
    const response = await fetch(`${url}/receipt/${task}`)
    const body = new Uint8Array(await response.arrayBuffer())
    if (response.status === 200) {
      const { roots, blocks } = Car.decode(body as never)
      const message = Message.view({ root: roots[0]!.cid, store: blocks })
      return [...message.receipts.values()][0] as API.Receipt
    }
    assert.equal(response.status, 404)
    assert.ok(Date.now() < endMs, `${task} expected a receipt in time`)
  }
}

test('E12: without metrics set up, a node tells of a batch, and polls its receipt', async (t) => {
  const { deployment, folder, gateway, parties, server, track } = await rig(t)
  const batch = await batchOf([
    (await receiptOf(parties, { last: 1023 })).bytes,
    (await receiptOf(parties, { error: true })).bytes,
  ])
  server.serve(batch)
  const receipt = await track(batch)
  assert.deepEqual(receipt.out.ok, {})
  const [task, ...others] = receipt.fx.fork.map(String)
  assert.deepEqual(others, [])
  const told = await polled(deployment.url, task!)
  assert.equal(String(told.ran), task)
  assert.equal(told.issuer?.did(), gateway)
  const verifier = await loadKey(folderPaths(folder).keys, 'gateway')
  assert.ok((await told.verifySignature(verifier.verifier)).ok)
  const { totalEgress, errors } = told.out.ok as { totalEgress: number; errors: { name: string }[] }
  assert.deepEqual([totalEgress, errors.map(({ name }) => name)], [1024, ['ReceiptFailed']])
  assert.deepEqual((await track(batch)).fx.fork.map(String), [task])
  const period = new Date().toISOString().slice(0, 7)
  const params = { provider: parties.node.did(), period, format: 'json' }
  const paid = await deployment.turnpike.operations['payout']!(params, CALL)
  assert.ifError(paid.error)
  const statement = JSON.parse(await takeText((paid.ok as { path: string }).path))
  assert.deepEqual([statement.bytes, statement.receipts, statement.status], [1024, 1, 'draft'])
  assert.equal(statement.gateway, gateway)
})

test('E9: who may track, and from where, is what the settings say', async (t) => {
  const { parties, server, track } = await rig(t)
  const batch = await batchOf([(await receiptOf(parties)).bytes])
  const refused = async (how: Parameters<typeof track>[1]): Promise<string | undefined> =>
    ((await track(batch, how)).out.error as Error | undefined)?.name
  for (const endpoint of [
    'https://elsewhere.example/receipts/{cid}',
    `${server.origin}/receipts`,
    server.endpoint.replace('127.0.0.1', 'user@127.0.0.1'),
    'file:///etc/passwd#{cid}',
    'http://169.254.169.254/{cid}',
  ])
    assert.equal(await refused({ endpoint }), 'EgressTrackError', endpoint)
  assert.equal(await refused({ proofs: [] }), 'Unauthorized')
  assert.equal(await refused({ with: parties.node.did(), proofs: [] }), undefined)
  assert.equal(await refused({ endpoint: `${server.origin}/x/:cid?a=b` }), undefined)
})
