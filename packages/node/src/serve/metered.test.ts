/**
 * What is metered, whatever serves it: the reference's ways to serve without counting, and to count
 * what was not served.
 * @module
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { globSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { basename, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { CAR, linkToString } from '@turnpike/core/link'
import { startDeployment, testFolder, type Deployment } from '../testing/deployment.ts'

const MIB = 1 << 20

/** A deployment with one file in it. */
async function serveFile(
  t: TestContext,
  sizeBytes: number,
): Promise<{ deployment: Deployment; cid: string; shard: string }> {
  const folder = await testFolder()
  const data = join(folder.path, 'data')
  const deployment = await startDeployment(data)
  t.after(async () => {
    await deployment.stop()
    await folder.remove()
  })
  const file = join(folder.path, 'content.bin')
  writeFileSync(file, randomBytes(sizeBytes))
  const { cid } = await deployment.add([file])
  const blobs = globSync(join(data, 'blobs/*/*/*.blob'))
  const largest = blobs.toSorted((a, b) => statSync(b).size - statSync(a).size)[0]!
  const multihash = new Uint8Array(Buffer.from(basename(largest, '.blob'), 'hex'))
  return { deployment, cid: cid!, shard: linkToString({ version: 1, codec: CAR, multihash }) }
}

test('L10: caches, CARs, shards, parts and blocks are all metered, to the byte', async (t) => {
  const { deployment, cid, shard } = await serveFile(t, 3 * MIB)
  const asked = [
    // Twice: the second time from a cache.
    [`/ipfs/${cid}`, {}],
    [`/ipfs/${cid}`, {}],
    [`/ipfs/${cid}`, { range: 'bytes=5-70000' }],
    [`/ipfs/${cid}`, { range: 'bytes=0-9,100-109' }],
    [`/ipfs/${cid}?format=raw`, {}],
    [`/ipfs/${cid}?format=car`, {}],
    [`/ipfs/${shard}?format=raw`, {}],
    [`/ipfs/${shard}?format=raw`, { range: 'bytes=1-1' }],
  ] as const
  let got = 0n
  for (const [path, headers] of asked) {
    const response = await fetch(`${deployment.url}${path}`, { headers })
    assert.ok(response.ok, `${path}: ${response.status}`)
    got += BigInt((await response.arrayBuffer()).byteLength)
  }
  const head = await fetch(`${deployment.url}/ipfs/${cid}`, { method: 'HEAD' })
  assert.equal(head.status, 200)
  const usage = await deployment.usage()
  assert.equal(BigInt(String(usage.bytes)), got)
  assert.equal(usage.reads, asked.length + 1)
})

test('L1, D2: a download that is cut counts for what was delivered, and no more', async (t) => {
  const sizeBytes = 60 * MIB
  const { deployment, cid } = await serveFile(t, sizeBytes)
  const { port } = new URL(deployment.url)
  for (const cutBytes of [3 * MIB, 7 * MIB]) {
    const before = BigInt(String((await deployment.usage()).bytes))
    const socket = connect(Number(port), '127.0.0.1')
    socket.write(`GET /ipfs/${cid} HTTP/1.1\r\nHost: x\r\n\r\n`)
    let got = 0
    for await (const chunk of socket) {
      got += (chunk as Buffer).length
      if (got > cutBytes) break
    }
    if (!socket.destroyed) await once(socket, 'close')
    const counted = Number(await countedSince(deployment, before))
    assert.ok(counted >= got - 2000, `${counted} counted, ${got} got`)
    assert.ok(counted < sizeBytes, `${counted} counted of ${sizeBytes}, ${got} got`)
  }
})

/** Bytes counted since, once there are any: a server notices a moment later that a client left. */
async function countedSince(deployment: Deployment, before: bigint): Promise<bigint> {
  for (;;) {
    const counted = BigInt(String((await deployment.usage()).bytes)) - before
    if (counted > 0n) return counted
  }
}
