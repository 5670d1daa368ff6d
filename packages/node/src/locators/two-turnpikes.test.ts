import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createServer, type AddressInfo } from 'node:net'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DelegationCreated } from '../authorize/operations.ts'
import { callOwner } from '../control/client.ts'
import { startDeployment, testFolder, type Deployment } from '../testing/deployment.ts'

const MIB = 1 << 20

/** A port that was free a moment ago: a holder must know its public address before it starts. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function call<T>(data: string, method: string, params: object): Promise<T> {
  const called = await callOwner(data, method, params)
  if (called.error) throw called.error
  return called.ok as T
}

/** One that holds content, and one that holds nothing and asks the first. */
async function pair(t: TestContext): Promise<{
  holder: Deployment
  asker: Deployment
  folder: string
  /** Lets the asker serve the holder's space. */
  delegate(): Promise<void>
}> {
  const folder = await testFolder()
  const port = await freePort()
  const publicUrl = `http://127.0.0.1:${port}`
  const holder = await startDeployment(join(folder.path, 'holder'), { port, publicUrl })
  const asker = await startDeployment(join(folder.path, 'asker'), {
    indexingServices: [publicUrl],
    claimIssuers: [holder.turnpike.whoami.gateway],
    allowPrivateOrigins: true,
  })
  t.after(async () => {
    await Promise.all([holder.turnpike.close(0), asker.turnpike.close(0)])
    await folder.remove()
    assert.deepEqual([holder.crashes, asker.crashes], [[], []])
  })
  const delegate = async (): Promise<void> => {
    const space = holder.turnpike.whoami.defaultSpace
    const audience = asker.turnpike.whoami.gateway
    const asked = { space, audience }
    const { archive } = await call<DelegationCreated>(holder.data, 'delegationCreate', asked)
    await call(asker.data, 'delegationImport', { archive })
  }
  return { holder, asker, folder: folder.path, delegate }
}

/** Bytes of an answer as far as they came. */
async function read(
  response: Response,
  onBytes: (count: number) => Promise<void> | void = () => {},
): Promise<{ bytes: Buffer; broken: boolean }> {
  const chunks: Uint8Array[] = []
  let count = 0
  try {
    for await (const chunk of response.body!) {
      chunks.push(chunk)
      await onBytes((count += chunk.length))
    }
  } catch {
    return { bytes: Buffer.concat(chunks), broken: true }
  }
  return { bytes: Buffer.concat(chunks), broken: false }
}

test('what one Turnpike holds another finds by its claims, verifies and serves', async (t) => {
  const { holder, asker, folder, delegate } = await pair(t)
  const content = randomBytes(3 * MIB)
  writeFileSync(join(folder, 'a.bin'), content)
  const { cid } = await holder.add([join(folder, 'a.bin')])
  await call(holder.data, 'claimsIssue', { publicUrl: holder.url })
  const url = `${asker.url}/ipfs/${cid}`
  assert.equal((await fetch(url)).status, 404, 'no space has let it be served')
  await delegate()
  while ((await fetch(url, { method: 'HEAD' })).status !== 200) await sleep(50)
  const range = await read(await fetch(url, { headers: { range: 'bytes=1000000-1000099' } }))
  assert.ok(content.subarray(1_000_000, 1_000_100).equals(range.bytes))
  const whole = await read(await fetch(url))
  assert.ok(!whole.broken && content.equals(whole.bytes))
  const { defaultSpace: space } = holder.turnpike.whoami
  const usage = await asker.usage({ space })
  assert.equal(usage.bytes, content.length + 100, 'on the account of the space that holds it')
  assert.ok(Number(usage.bytesFetched) >= content.length, 'and the holder is paid for what it sent')
})

test('when the holder stops in mid-stream, the client sees that it was cut', async (t) => {
  const { holder, asker, folder, delegate } = await pair(t)
  const content = randomBytes(48 * MIB)
  writeFileSync(join(folder, 'b.bin'), content)
  const { cid } = await holder.add([join(folder, 'b.bin')])
  await call(holder.data, 'claimsIssue', { publicUrl: holder.url })
  await delegate()
  let stopped = false
  const got = await read(await fetch(`${asker.url}/ipfs/${cid}`), async (count) => {
    if (stopped || count < MIB) return
    stopped = true
    await holder.turnpike.close(0)
  })
  assert.ok(got.broken && got.bytes.length >= MIB && got.bytes.length < content.length)
  assert.ok(content.subarray(0, got.bytes.length).equals(got.bytes), 'nothing wrong was served')
  const usage = await asker.usage()
  for (const recorded of [usage.bytes, usage.bytesFetched])
    assert.ok(Number(recorded) >= got.bytes.length, 'what it got is recorded')
  const again = await fetch(`${asker.url}/ipfs/${cid}?download=true`)
  assert.ok([502, 504].includes(again.status), `${again.status}`)
})
