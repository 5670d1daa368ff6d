/**
 * Clients of others, each from its own tree in `compat/`, against a running Turnpike. `npm run
 * compat` installs the trees; where one is absent, its tests are skipped.
 * @module
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { decodeCar } from '@turnpike/core/car/decode'
import { linkToString } from '@turnpike/core/link'
import { contentOf } from './campaigns/rig/random.ts'
import { addEach, endProcesses, serve, turnpikeJson } from './campaigns/rig/turnpike.ts'

const client = resolve(import.meta.dirname, '../compat/verified-fetch')
const skip = existsSync(join(client, 'node_modules'))
  ? false
  : 'run npm run compat, which installs it'

/** What the client got. */
interface Got {
  readonly status?: number
  readonly type?: string
  readonly sha256?: string
  readonly body?: string
  readonly error?: string
}

/** The client, with one gateway. */
interface Client {
  fetch(resource: string, headers?: Record<string, string>): Promise<Got>
  stop(): Promise<void>
}

/** Files of one folder, more of them than a folder of one block has. */
const MANY = 3000
const LARGE_BYTES = 5_000_000
let scratch: string
let data: string
let url: string
let folder: string

if (!skip) {
  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'turnpike-compat-'))
    const files = join(scratch, 'files')
    await mkdir(join(files, 'many'), { recursive: true })
    await writeFile(join(files, 'ą b.txt'), 'a small file\n')
    await writeFile(join(files, 'large.bin'), contentOf('large', LARGE_BYTES))
    const name = (i: number): string => join(files, 'many', `${'a long name '.repeat(8)}${i}.txt`)
    for (let i = 0; i < MANY; i++) await writeFile(name(i), `${i}`)
    data = join(scratch, 'data')
    ;[folder] = (await addEach(data, [files])).map((path) => path.replace('/ipfs/', '')) as [string]
    url = `http://127.0.0.1:${(await serve(data)).port}`
  })

  after(async () => {
    await endProcesses()
    await rm(scratch, { recursive: true, force: true })
  })
}

function start(gateway: string, timeoutMs = 20_000): Client {
  const child = spawn(process.execPath, [join(client, 'client.mjs'), gateway], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async fetch(resource, headers = {}) {
      child.stdin.write(`${JSON.stringify({ resource, headers, timeoutMs })}\n`)
      const { value, done } = await lines.next()
      assert.ok(!done, 'the client is there')
      return JSON.parse(value) as Got
    },
    async stop() {
      child.stdin.end()
      await ended
    },
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

test(
  '@helia/verified-fetch gets files, folders and CARs, and verifies them',
  { skip },
  async (t) => {
    const { fetch, stop } = start(url)
    t.after(stop)
    const small = await fetch(`ipfs://${folder}/${encodeURIComponent('ą b.txt')}`)
    assert.equal(Buffer.from(small.body ?? '', 'base64').toString(), 'a small file\n', small.error)
    const large = await fetch(`ipfs://${folder}/large.bin`)
    assert.equal(large.sha256, sha256(contentOf('large', LARGE_BYTES)), large.error)
    const part = await fetch(`ipfs://${folder}/large.bin`, { range: 'bytes=1000000-1300000' })
    assert.equal(part.status, 206, part.error)
    const bytes = contentOf('large', LARGE_BYTES).subarray(1_000_000, 1_300_001)
    assert.equal(part.sha256, sha256(bytes))
    const entry = `${'a long name '.repeat(8)}${MANY - 1}.txt`
    const found = await fetch(`ipfs://${folder}/many/${encodeURIComponent(entry)}`)
    assert.equal(Buffer.from(found.body ?? '', 'base64').toString(), `${MANY - 1}`, found.error)
    const listed = await fetch(`ipfs://${folder}/`)
    assert.equal(listed.status, 200, listed.error)
    const car = await fetch(`ipfs://${folder}/${encodeURIComponent('ą b.txt')}`, {
      accept: 'application/vnd.ipld.car',
    })
    const frames = decodeCar(Buffer.from(car.body ?? '', 'base64'))
    assert.ok(frames.ok, car.error)
    assert.equal(linkToString(frames.ok.frames[0]!.link), folder)
    const missing = await fetch(`ipfs://${folder}/nothing`)
    assert.equal(missing.status, 404)
  },
)

test('it follows an IPNS name by the record that Turnpike hands on', { skip }, async (t) => {
  const { name } = await turnpikeJson('name', 'publish', `/ipfs/${folder}`, '--data', data)
  const { fetch, stop } = start(url)
  t.after(stop)
  const got = await fetch(`ipns://${name}/${encodeURIComponent('ą b.txt')}`)
  assert.equal(Buffer.from(got.body ?? '', 'base64').toString(), 'a small file\n', got.error)
})

test('through somebody who changes one bit it gets nothing', { skip }, async (t) => {
  const liar = await startLiar(url)
  t.after(() => liar.server.close())
  // It asks again and again: nobody else has the content.
  const { fetch, stop } = start(liar.url, 3000)
  t.after(stop)
  const got = await fetch(`ipfs://${folder}/large.bin`)
  assert.deepEqual([got.status, got.sha256], [undefined, undefined])
  assert.match(got.error ?? '', /Error/)
  assert.ok(liar.asked > 0, 'it was asked')
})

/** A proxy whose answers differ in their last bit. */
async function startLiar(
  origin: string,
): Promise<{ readonly url: string; readonly server: HttpServer; asked: number }> {
  const server = createServer(async (request, response) => {
    liar.asked++
    const answer = await fetch(origin + request.url, {
      headers: { accept: request.headers.accept ?? '*/*' },
    })
    const body = Buffer.from(await answer.arrayBuffer())
    if (body.length > 0) body[body.length - 1]! ^= 1
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
    response.end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const liar = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    asked: 0,
  }
  return liar
}

test('the tree that was installed is the one of the lock file', { skip }, async () => {
  const read = async (path: string): Promise<{ packages: Record<string, { version?: string }> }> =>
    JSON.parse(await readFile(join(client, path), 'utf8'))
  const name = 'node_modules/@helia/verified-fetch'
  const wanted = (await read('package-lock.json')).packages[name]
  assert.equal(
    (await read('node_modules/.package-lock.json')).packages[name]?.version,
    wanted?.version,
  )
})
