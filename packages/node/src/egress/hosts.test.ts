import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { DID, invoke } from '@ucanto/core'
import { callOwner } from '../control/client.ts'
import { loadKey } from '../folder/keys.ts'
import { badNetwork } from '../handover/testing/bad-network.ts'
import { addFile, hostFolder, type HostFolder } from '../handover/testing/hosts.ts'
import { type Deployment, startDeployment } from '../testing/deployment.ts'
import { execute } from '../testing/messages.ts'
import { letServe } from './testing/records.ts'

const KILLS = Number(process.env['TURNPIKE_TEST_EGRESS_KILLS'] ?? 2)

/** Tells a service that a space is there, by the key in the folder of a host of that space. */
async function introduce(host: HostFolder, url: string, service: string): Promise<void> {
  const space = await loadKey(join(host.path, 'keys'), 'space-default')
  const audience = DID.parse(service)
  const told = await letServe(space, audience)
  const delegate = invoke({
    issuer: space,
    audience,
    capability: {
      can: 'access/delegate',
      with: space.did(),
      nb: { delegations: { [`${told.cid}`]: told.cid } },
    },
    proofs: [told] as never,
  })
  const { error } = await execute(url, service, delegate)
  assert.equal(error, undefined)
}

async function usageOf(data: string): Promise<readonly [reads: unknown, bytes: unknown]> {
  const usage = await callOwner(data, 'usage', {})
  const { reads, bytes } = (usage.ok ?? {}) as Readonly<Record<string, unknown>>
  return [reads, bytes]
}

async function until(isSo: () => Promise<boolean>, what: string, seconds = 20): Promise<void> {
  for (const endMs = performance.now() + seconds * 1000; !(await isSo()); await sleep(100))
    if (performance.now() > endMs) throw new Error(`expected within ${seconds} s: ${what}`)
}

/** Downloads a file, of another file only a part. */
async function download(url: string, part?: string): Promise<number> {
  const headers = part === undefined ? {} : { range: `bytes=${part}` }
  const response = await fetch(url, { headers })
  return (await response.arrayBuffer()).byteLength
}

const TO_SERVICE = { delegationsFrom: 'any' } as const

async function pairOf(t: TestContext): Promise<{ edge: Deployment; service: Deployment }> {
  const [home, host] = [await hostFolder(), await hostFolder()]
  const service = await startDeployment(home.path, TO_SERVICE)
  const edge = await startDeployment(host.path, {
    recordTo: { did: home.did, url: service.url },
  })
  t.after(async () => {
    await edge.stop()
    await service.stop()
    await Promise.all([home.remove(), host.remove()])
  })
  await introduce(host, service.url, home.did)
  return { edge, service }
}

test('reads are told one by one, and counted there to the byte', async (t) => {
  const { edge, service } = await pairOf(t)
  const large = await addFile(edge, 300_000)
  const small = await addFile(edge, 77)
  let bytes = 0
  for (let n = 0; n < 5; n++) bytes += await download(large)
  for (const part of ['0-9', '5-20', '1000-90000']) bytes += await download(large, part)
  bytes += await download(small)
  await download(`${edge.url}/ipfs/bafkqaaa`)
  await until(async () => (await usageOf(service.data))[1] === bytes, `${bytes} bytes`)
  assert.deepEqual(await usageOf(service.data), [9, bytes])
  assert.deepEqual([...edge.crashes, ...service.crashes], [])
})

interface Child {
  readonly url: string
  kill(): Promise<void>
}

async function childOf(data: string, settings: object): Promise<Child> {
  const file = fileURLToPath(new URL('testing/serving-child.ts', import.meta.url))
  const child: ChildProcess = spawn(process.execPath, [file, data, JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.add(child)
  const closed = once(child, 'close')
  const [url] = await once(child.stdout!.setEncoding('utf8'), 'data')
  return {
    url: String(url).trim(),
    async kill() {
      child.kill('SIGKILL')
      await closed
    },
  }
}

const children = new Set<ChildProcess>()
after(() => {
  for (const child of children) child.kill('SIGKILL')
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

test('either side killed, messages lost, doubled and late: each byte counts once', async (t) => {
  const [home, host] = [await hostFolder(), await hostFolder()]
  const [homePort, hostPort] = [await freePort(), await freePort()]
  const network = await badNetwork(() => `http://127.0.0.1:${homePort}`, Math.random)
  t.after(async () => {
    await network.close()
    await Promise.all([home.remove(), host.remove()])
  })
  const first = await startDeployment(host.path, { port: hostPort })
  const file = await addFile(first, 20_000)
  await first.stop()
  const toService = { recordTo: { did: home.did, url: network.url }, port: hostPort }
  const startHome = (): Promise<Child> => childOf(home.path, { ...TO_SERVICE, port: homePort })
  const startHost = (): Promise<Child> => childOf(host.path, toService)
  let [service, edge] = [await startHome(), await startHost()]
  await introduce(host, service.url, home.did)
  const url = file.replace(/^http:\/\/[^/]+/, edge.url)
  const read = async (): Promise<void> => {
    for (let n = 0; n < 40; n++) await download(url, `0-${n}`).catch(() => 0)
  }
  for (let run = 0; run < KILLS; run++) {
    const reading = read()
    await sleep(Math.random() * 1500)
    await (run % 2 === 0 ? service : edge).kill()
    await reading
    if (run % 2 === 0) service = await startHome()
    else edge = await startHost()
  }
  await read()
  await network.heal()
  const [, before] = await usageOf(host.path)
  await until(async () => (await usageOf(home.path))[1] === before, `${String(before)} bytes`, 40)
  await sleep(1500)
  const [ours, theirs] = [await usageOf(host.path), await usageOf(home.path)]
  assert.deepEqual(theirs, ours)
  assert.ok(Number(ours[0]) >= 40)
  t.diagnostic(`${String(ours[0])} reads; requests: ${JSON.stringify(network.did)}`)
  await Promise.all([service.kill(), edge.kill()])
})
