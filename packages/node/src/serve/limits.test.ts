/** What bounds a whole deployment: its settings reach where they count. @module */
import assert from 'node:assert/strict'
import cluster from 'node:cluster'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { Agent, get, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { privateRig } from '../authorize/testing/private-space.ts'
import type { Settings } from '../config/settings.ts'
import { startDeployment, testFolder, type Deployment } from '../testing/deployment.ts'
import { startTestOrigin, type Lie, type TestOrigin } from '../testing/origin.ts'

/** Runs a test on a deployment of one file, and makes sure that nothing in it broke. */
async function deployed(
  overrides: Partial<Settings>,
  work: (deployment: Deployment, url: string) => Promise<void>,
): Promise<void> {
  const folder = await testFolder()
  const deployment = await startDeployment(join(folder.path, 'data'), overrides)
  try {
    const file = join(folder.path, 'f')
    await writeFile(file, 'hello')
    const { cid } = await deployment.add([file])
    await work(deployment, `${deployment.url}/ipfs/${cid}`)
    assert.deepEqual(deployment.crashes, [])
  } finally {
    await deployment.stop()
    await folder.remove()
  }
}

/** A deployment whose content of 3 MiB lies at an origin that goes silent. */
async function silent(
  work: (deployment: Deployment, url: string, origin: TestOrigin) => Promise<void>,
): Promise<void> {
  const folder = await testFolder()
  const origin = await startTestOrigin()
  const source = await startDeployment(join(folder.path, 'source'))
  await writeFile(
    join(folder.path, 'f'),
    new Uint8Array(3 << 20).map((_, at) => at >> 10),
  )
  const { cid } = await source.add([join(folder.path, 'f')])
  const car = await fetch(`${source.url}/ipfs/${cid}?format=car`)
  origin.put('/a.car', Buffer.from(await car.arrayBuffer()))
  await source.stop()
  const deployment = await startDeployment(join(folder.path, 'data'), { retrievalTimeoutMs: 300 })
  try {
    await deployment.index(`${origin.url}/a.car`)
    await work(deployment, `${deployment.url}/ipfs/${cid}`, origin)
    assert.deepEqual(deployment.crashes, [])
  } finally {
    await deployment.stop()
    await origin.close()
    await folder.remove()
  }
}

async function statusOf(url: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(url, { headers })
  await response.arrayBuffer()
  return response.status
}

/** The status of one request over the connections of `agent`. */
async function statusBy(agent: Agent, url: string): Promise<number> {
  const [response] = (await once(get(url, { agent }), 'response')) as [IncomingMessage]
  response.resume()
  await once(response, 'end')
  return response.statusCode!
}

test('an origin that is silent is 504 after the retrieval timeout, and is let go', async () => {
  await silent(async (deployment, url, origin) => {
    for (const lie of ['silent-head', 'silent-body'] satisfies Lie[]) {
      origin.lieAbout('*', lie)
      const startMs = performance.now()
      const response = await fetch(url)
      const took = performance.now() - startMs
      assert.equal(response.status, 504, lie)
      assert.match(response.headers.get('retry-after')!, /^\d+$/)
      assert.match(await response.text(), /300 ms/)
      assert.ok(took >= 300 && took < 3000, `${took} ms`)
    }
    const usage = await deployment.usage()
    assert.deepEqual([Number(usage.reads), Number(usage.bytes)], [2, 0])
  })
})

test('requests of one address beyond the setting are refused and on the books', async () => {
  const rate = { addressTokensPerMinute: 1, addressBurstTokens: 2 }
  await deployed(rate, async (deployment, url) => {
    const client = { 'x-forwarded-for': '192.0.2.1' }
    const statuses: number[] = []
    for (let i = 0; i < 4; i++) statuses.push(await statusOf(url, client))
    assert.deepEqual(statuses, [200, 200, 429, 429])
    assert.equal(await statusOf(url, { 'x-forwarded-for': '192.0.2.2' }), 200)
    const usage = await deployment.usage()
    assert.deepEqual([Number(usage.reads), Number(usage.denied)], [5, 2])
  })
})

test('a refused client that comes again when Retry-After says is let in', async () => {
  const rate = { addressTokensPerMinute: 30, addressBurstTokens: 1 }
  for (const workers of [0, 1])
    await deployed({ ...rate, workers }, async (_, url) => {
      const both = await Promise.all([fetch(url), fetch(url)])
      for (const response of both) await response.text()
      const [admitted, refused] = both.toSorted((a, b) => a.status - b.status)
      assert.deepEqual([admitted!.status, refused!.status], [200, 429])
      const seconds = Number(refused!.headers.get('retry-after'))
      assert.ok(seconds === 1 || seconds === 2, `${seconds}`)
      await sleep(seconds * 1000)
      assert.equal(await statusOf(url), 200)
    })
})

test('workers share the buckets of addresses', async () => {
  const BURST = 40
  const rate = { addressTokensPerMinute: 1, addressBurstTokens: BURST }
  await deployed({ workers: 2, ...rate }, async (deployment, url) => {
    const connections = { connection: 'close' }
    const statuses = await Promise.all(
      Array.from({ length: 3 * BURST }, () => statusOf(url, connections)),
    )
    const admitted = statuses.filter((status) => status === 200).length
    // What both hold in reserve is a quarter at most, and is given out as well in the end.
    assert.ok(admitted >= BURST - BURST / 4 && admitted <= BURST, `${admitted} of ${BURST}`)
    const usage = await deployment.usage()
    assert.equal(Number(usage.denied), 3 * BURST - admitted)
  })
})

test('one kept connection has the whole bucket of its address', async () => {
  const BURST = 40
  const rate = { addressTokensPerMinute: 1, addressBurstTokens: BURST }
  await deployed({ workers: 2, ...rate }, async (_, url) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const statuses: number[] = []
    for (let i = 0; i < BURST + 3; i++) statuses.push(await statusBy(agent, url))
    agent.destroy()
    assert.equal(statuses.filter((status) => status === 200).length, BURST)
    assert.deepEqual(statuses.slice(-3), [429, 429, 429])
  })
})

test('a token has one bucket, whichever worker or address it comes by', async (t) => {
  for (const workers of [0, 2]) {
    const rate = { identityTokensPerMinute: 1, identityBurstTokens: 5 }
    const { deployment, path, delegate } = await privateRig(t, { ...rate, workers })
    await delegate({ token: 'open-sesame' })
    await delegate({ token: 'sesame' })
    const ask = (token: string, from: number): Promise<number> =>
      statusOf(`${deployment.url}${path}`, {
        authorization: `Bearer ${token}`,
        connection: 'close',
        'x-forwarded-for': `192.0.2.${from}`,
      })
    assert.equal(await ask('made up', 1), 404)
    const statuses: number[] = []
    for (let i = 0; i < 12; i++) statuses.push(await ask('open-sesame', i))
    assert.deepEqual(statuses, [...Array(5).fill(200), ...Array(7).fill(429)])
    assert.equal(await ask('sesame', 1), 200)
    assert.equal(await ask('made up', 1), 404)
    const { denied } = await deployment.usage()
    assert.equal(Number(denied), 9)
  }
})

test('a worker that crashes takes no bucket with it', async () => {
  const rate = { addressTokensPerMinute: 1, addressBurstTokens: 12 }
  await deployed({ workers: 1, ...rate }, async (deployment, url) => {
    const ask = (): Promise<number> => statusOf(url, { connection: 'close' }).catch(() => 0)
    for (let i = 0; i < 4; i++) assert.equal(await ask(), 200)
    Object.values(cluster.workers!)[0]!.process.kill('SIGKILL')
    const statuses: number[] = []
    while (statuses.at(-1) !== 429) {
      const status = await ask()
      if (status !== 0) statuses.push(status)
      else await sleep(50)
    }
    const admitted = statuses.length - 1
    // Three were in reserve, and are lost.
    assert.ok(admitted >= 12 - 4 - 3 && admitted <= 12 - 4, `${admitted}`)
    assert.equal(deployment.crashes.length, 1)
    deployment.crashes.length = 0
  })
})

test('a worker answers CONNECT to itself, and to nobody else', async () => {
  await deployed({ workers: 2, subdomainHosts: ['example.com'] }, async (_, url) => {
    const { hostname, port, pathname } = new URL(url)
    const cid = pathname.split('/')[2]!
    const ask = async (target: string): Promise<string> => {
      const socket = connect(Number(port), hostname)
      socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`)
      const absolute = `http://${cid}.ipfs.example.com:${port}/`
      socket.write(`GET ${absolute} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
      let text = ''
      socket.on('data', (part: Buffer) => (text += part.toString()))
      await once(socket, 'close')
      return text
    }
    for (const target of [`127.0.0.1:${port}`, `${cid}.ipfs.example.com:${port}`])
      assert.match(await ask(target), /^HTTP\/1\.1 200 OK\r\n\r\nHTTP\/1\.1 200 OK[^]*hello$/)
    assert.match(await ask(`example.org:${port}`), /^HTTP\/1\.1 403 /)
  })
})

test('trustless names and sizes are settings', async () => {
  const overrides = { trustlessHosts: ['trustless.example'], responseBytesMax: 4 }
  await deployed(overrides, async (_, url) => {
    const forwarded = { 'x-forwarded-host': 'trustless.example' }
    assert.equal(await statusOf(url, forwarded), 406)
    assert.equal(await statusOf(`${url}?format=raw`, forwarded), 200)
    assert.equal(await statusOf(url), 410)
  })
  await deployed({ trustlessOnly: true }, async (_, url) => {
    assert.equal(await statusOf(url), 406)
    assert.equal(await statusOf(`${url}?format=car`), 200)
  })
})
