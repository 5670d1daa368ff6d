import assert from 'node:assert/strict'
import { createCipheriv, createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { decodeCar } from '@turnpike/core/car/decode'
import { linkToString } from '@turnpike/core/link'
import { openAccounting } from '../accounting/open.ts'
import { startDeployment, testFolder, type Deployment } from '../testing/deployment.ts'
import { startTestOrigin, type TestOrigin } from '../testing/origin.ts'
import { logOrigin } from './start.ts'

/** Bytes by a seed, the same each time, different in every block. */
function content(sizeBytes: number, seed: string): Buffer {
  const key = createHash('sha256').update(seed).digest()
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes))
}

async function bytesOf(url: string, headers: Record<string, string> = {}): Promise<Buffer> {
  const response = await fetch(url, { headers })
  assert.ok(response.ok, `${url}: ${response.status}`)
  return Buffer.from(await response.arrayBuffer())
}

/** Runs a test on a new deployment and makes sure that nothing in it broke. */
async function deployed(
  work: (deployment: Deployment, scratch: string) => Promise<void>,
): Promise<void> {
  const folder = await testFolder()
  const scratch = join(folder.path, 'scratch')
  await mkdir(scratch)
  const deployment = await startDeployment(join(folder.path, 'data'))
  try {
    await work(deployment, scratch)
    assert.deepEqual(deployment.crashes, [])
  } finally {
    await deployment.stop()
    await folder.remove()
  }
}

test('a folder comes back bit for bit, and usage is what the clients got', async () => {
  await deployed(async (deployment, scratch) => {
    const files = new Map([
      ['small.txt', Buffer.from('hello')],
      ['empty', Buffer.alloc(0)],
      ['big.bin', content(3_500_000, 'big')],
      ['sub/ünïcode name.txt', Buffer.from('ü')],
    ])
    await mkdir(join(scratch, 'sub'))
    for (const [name, bytes] of files) await writeFile(join(scratch, name), bytes)
    await symlink('small.txt', join(scratch, 'link'))
    const { cid } = await deployment.add([scratch])
    let bytesGot = 0
    let reads = 0
    for (const [name, bytes] of files) {
      const got = await bytesOf(`${deployment.url}/ipfs/${cid}/${encodeURI(name)}`)
      assert.ok(bytes.equals(got), name)
      bytesGot += got.length
      reads++
    }
    const range = await bytesOf(`${deployment.url}/ipfs/${cid}/big.bin`, {
      range: 'bytes=1048570-1048580',
    })
    assert.ok(files.get('big.bin')!.subarray(1_048_570, 1_048_581).equals(range))
    const listing = await bytesOf(`${deployment.url}/ipfs/${cid}/`)
    const archive = await bytesOf(`${deployment.url}/ipfs/${cid}?format=car`)
    const { header, frames } = decodeCar(archive).ok!
    assert.equal(linkToString(header.roots[0]!), cid)
    assert.ok(frames.length >= 9)
    bytesGot += range.length + listing.length + archive.length
    const usage = await deployment.usage({ by: 'space' })
    assert.equal(usage.bytes, bytesGot)
    assert.equal(usage.reads, reads + 3)
    const [row] = usage.rows as readonly { readonly key: string }[]
    assert.equal(row?.key, deployment.turnpike.whoami.defaultSpace)
  })
})

test('two workers share a port, and every byte of both is in the usage', async () => {
  const folder = await testFolder()
  const deployment = await startDeployment(join(folder.path, 'data'), { workers: 2 })
  const bytes = content(300_000, 'workers')
  await writeFile(join(folder.path, 'a'), bytes)
  const { cid } = await deployment.add([join(folder.path, 'a')])
  const headers = { connection: 'close' }
  for (let i = 0; i < 30; i++)
    assert.ok(bytes.equals(await bytesOf(`${deployment.url}/ipfs/${cid}`, headers)))
  assert.equal((await deployment.usage()).bytes, 9_000_000)
  await deployment.stop()
  assert.deepEqual(deployment.crashes, [])
  const slots = await readdir(join(deployment.data, 'journal'))
  assert.deepEqual(slots.toSorted(), ['0', '1'])
  await folder.remove()
})

test('usage of a stopped folder is that of the running one', async () => {
  const folder = await testFolder()
  const deployment = await startDeployment(join(folder.path, 'data'))
  await writeFile(join(folder.path, 'a'), content(100_000, 'a'))
  const { cid } = await deployment.add([join(folder.path, 'a')])
  for (let i = 0; i < 20; i++) await bytesOf(`${deployment.url}/ipfs/${cid}`)
  const running = await deployment.usage()
  await deployment.stop()
  const accounting = await openAccounting({
    dataDir: deployment.data,
    origin: logOrigin(deployment.turnpike.whoami),
    slotsInUse: [],
  })
  const stopped = await accounting.ok!.usage({})
  await accounting.ok!.close()
  assert.equal(running.bytes, 2_000_000)
  assert.equal(stopped.ok!.bytes, 2_000_000n)
  await folder.remove()
})

test('a bit flipped in a stored blob is never served, cold or warm', async () => {
  await deployed(async (deployment, scratch) => {
    const bytes = content(3_000_000, 'flip')
    await writeFile(join(scratch, 'f'), bytes)
    const { cid } = await deployment.add([join(scratch, 'f')])
    const blobs = join(deployment.data, 'blobs')
    for (const name of await readdir(blobs, { recursive: true })) {
      if (!name.endsWith('.blob')) continue
      const blob = await readFile(join(blobs, name))
      if (blob.length > 1_500_000) blob[1_500_000]! ^= 1
      await writeFile(join(blobs, name), blob)
    }
    for (let i = 0; i < 2; i++) {
      const got = await fetch(`${deployment.url}/ipfs/${cid}`).then(async (response) =>
        Buffer.from(await response.arrayBuffer().catch(() => new ArrayBuffer(0))),
      )
      assert.ok(got.length < bytes.length)
      assert.ok(bytes.subarray(0, got.length).equals(got))
    }
    const good = await bytesOf(`${deployment.url}/ipfs/${cid}`, { range: 'bytes=0-999999' })
    assert.ok(bytes.subarray(0, 1_000_000).equals(good))
  })
})

/** A deployment whose content lies at an origin, as a CAR that another deployment made. */
async function remote(
  bytes: Buffer,
  work: (deployment: Deployment, cid: string, origin: TestOrigin) => Promise<void>,
  options: { readonly delayMs?: number } = {},
): Promise<void> {
  const folder = await testFolder()
  const origin = await startTestOrigin(options)
  const source = await startDeployment(join(folder.path, 'source'))
  await writeFile(join(folder.path, 'f'), bytes)
  const { cid } = await source.add([join(folder.path, 'f')])
  origin.put('/a.car', await bytesOf(`${source.url}/ipfs/${cid}?format=car`))
  await source.stop()
  const deployment = await startDeployment(join(folder.path, 'data'))
  try {
    await deployment.index(`${origin.url}/a.car`)
    origin.requests.length = 0
    await work(deployment, cid!, origin)
    assert.deepEqual(deployment.crashes, [])
  } finally {
    await deployment.stop()
    await origin.close()
    await folder.remove()
  }
}

test('content at an origin is read in few ranges, each byte once, and accounted', async () => {
  const bytes = content(40 << 20, 'remote')
  await remote(bytes, async (deployment, cid, origin) => {
    const got = await bytesOf(`${deployment.url}/ipfs/${cid}`)
    assert.ok(bytes.equals(got))
    const sent = origin.requests.reduce((sum, request) => sum + request.bytesSent, 0)
    assert.ok(origin.requests.length <= 8, `${origin.requests.length} requests for 40 MiB`)
    assert.ok(sent <= bytes.length * 1.05, `${sent} bytes`)
    const usage = await deployment.usage()
    assert.equal(usage.bytes, bytes.length)
    assert.ok(Number(usage.bytesFetched) >= bytes.length)
    assert.ok(Number(usage.bytesFetched) <= sent)
    origin.requests.length = 0
    const range = await bytesOf(`${deployment.url}/ipfs/${cid}`, {
      range: `bytes=${(20 << 20) - 30_000}-${(20 << 20) + 35_535}`,
    })
    assert.equal(range.length, 65_536)
    assert.ok(origin.requests.length <= 2, `${origin.requests.length} requests for 64 KiB`)
  })
})

test('a hundred cold requests at once cost one fetch of the file', async () => {
  const bytes = content(2 << 20, 'many')
  await remote(bytes, async (deployment, cid, origin) => {
    const url = `${deployment.url}/ipfs/${cid}`
    const all = await Promise.all(Array.from({ length: 100 }, () => bytesOf(url)))
    assert.ok(all.every((got) => bytes.equals(got)))
    const sent = origin.requests.reduce((sum, request) => sum + request.bytesSent, 0)
    assert.ok(sent <= bytes.length * 1.05, `${sent} of ${bytes.length}`)
  })
})

test('an origin that lies, in whatever way, is never believed', async () => {
  const bytes = content(1_200_000, 'lies')
  const lies = ['flipped-bit', 'whole', 'short-length', 'cut', 'reset', 'wrong-range', 503] as const
  await remote(bytes, async (deployment, cid, origin) => {
    for (const lie of lies) {
      origin.lieAbout('*', lie)
      const response = await fetch(`${deployment.url}/ipfs/${cid}?lie=${lie}`)
      assert.equal(response.status, 502, String(lie))
      await response.arrayBuffer()
    }
    origin.lieAbout('*', undefined)
    assert.ok(bytes.equals(await bytesOf(`${deployment.url}/ipfs/${cid}`)))
  })
})

test('a client that leaves stops the origin, and what it got is recorded', async () => {
  const bytes = content(30 << 20, 'leaver')
  await remote(
    bytes,
    async (deployment, cid, origin) => {
      const { port } = new URL(deployment.url)
      const socket = connect(Number(port), '127.0.0.1')
      socket.write(`GET /ipfs/${cid} HTTP/1.1\r\nHost: x\r\n\r\n`)
      let got = 0
      for await (const chunk of socket) {
        got += (chunk as Buffer).length
        if (got > 2 << 20) break
      }
      if (!socket.destroyed) await once(socket, 'close')
      await origin.idle()
      const sent = origin.requests.reduce((sum, request) => sum + request.bytesSent, 0)
      assert.ok(sent < bytes.length, `${sent} bytes were sent`)
      const usage = await deployment.usage()
      assert.ok(Number(usage.bytes) >= got - 1000, `${usage.bytes} recorded, ${got} got`)
      assert.ok(Number(usage.bytes) < bytes.length)
    },
    { delayMs: 2 },
  )
})
