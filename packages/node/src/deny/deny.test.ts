import assert from 'node:assert/strict'
import { hash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { linkFromString, linkToString, RAW } from '@turnpike/core/link'
import { openCatalogWriter } from '../catalog/database.ts'
import { callOwner } from '../control/client.ts'
import type { Settings } from '../config/settings.ts'
import { folderPaths } from '../folder/layout.ts'
import { type Deployment, startDeployment, testFolder } from '../testing/deployment.ts'
import { denylistName } from './operations.ts'
import { readDenySource } from './read-source.ts'
import type { DenyShown } from './store.ts'

interface Rig {
  readonly folder: string
  readonly deployment: Deployment
  /** A folder with `a.txt`, `b.txt` and `big.bin`. */
  readonly root: string
  op(method: string, params?: object): Promise<Record<string, never>>
  status(path: string, headers?: Record<string, string>): Promise<number>
  /** Waits until a path has a status; fails after the second in which it must. */
  becomes(path: string, status: number): Promise<void>
}

async function rig(
  t: TestContext,
  overrides: Partial<Settings> = {},
  bigBytes: number = 1000,
): Promise<Rig> {
  const folder = await testFolder()
  const deployment = await startDeployment(join(folder.path, 'data'), overrides)
  t.after(async () => {
    await deployment.stop()
    await folder.remove()
    assert.deepEqual(deployment.crashes, [])
  })
  const site = join(folder.path, 'site')
  await mkdir(site)
  await writeFile(join(site, 'a.txt'), 'a')
  await writeFile(join(site, 'b.txt'), 'b')
  await writeFile(join(site, 'big.bin'), randomBytes(bigBytes))
  const { cid } = await deployment.add([site])
  const status = async (path: string, headers = {}): Promise<number> => {
    const response = await fetch(`${deployment.url}${path}`, { headers })
    await response.body?.cancel()
    return response.status
  }
  return {
    folder: folder.path,
    deployment,
    root: cid!,
    async op(method, params = {}) {
      const done = await callOwner(deployment.data, method, {
        by: 'tester',
        reason: 'x',
        ...params,
      })
      if (done.error) throw done.error
      return done.ok as Record<string, never>
    },
    status,
    async becomes(path, wanted) {
      const startedMs = performance.now()
      let got = await status(path)
      while (got !== wanted && performance.now() - startedMs < 1000) {
        await sleep(10)
        got = await status(path)
      }
      assert.equal(got, wanted, path)
    },
  }
}

test('what an operator denies is gone within a second, and comes back', async (t) => {
  const { root, op, status, becomes, deployment } = await rig(t)
  const a = `/ipfs/${root}/a.txt`
  for (let i = 0; i < 2; i++) assert.equal(await status(a), 200)
  await op('denyAdd', { what: [`${deployment.url}${a}?filename=x`], reason: 'court order 17' })
  await becomes(a, 410)
  assert.equal(await status(`/ipfs/${root}/b.txt`), 200)
  assert.equal(await status(a, { 'if-none-match': '*' }), 410)
  await op('denyRemove', { what: [a] })
  await becomes(a, 200)
  await op('denyAdd', { what: [`ipfs://${root}`], legal: true })
  await becomes(a, 451)
  const response = await fetch(`${deployment.url}${a}`)
  assert.equal(response.headers.get('cache-control'), 'no-store')
  assert.ok(!(await response.text()).includes('own'))
  // The same content by another spelling takes the first rule's place.
  const { version, ...link } = linkFromString(root)!
  assert.equal(version, 1)
  const spelling = linkToString({ ...link, version: 1, codec: RAW })
  await op('denyRemove', { what: [spelling] })
  await becomes(a, 200)
  await op('denyAdd', { what: [`/ipfs/${root}/*`, `!/ipfs/${root}/b.txt`] })
  await becomes(a, 410)
  assert.equal(await status(`/ipfs/${root}/b.txt`), 200)
})

test('every change is in the log, with who, what and why, and the log only grows', async (t) => {
  const { root, op, folder, deployment } = await rig(t)
  const file = join(folder, 'list.deny')
  await writeFile(file, `/ipfs/${root}/a.txt\nnonsense\n`)
  const startedMs = Date.now()
  await op('denyAdd', { what: [root], reason: 'first' })
  await op('denyRemove', { what: [root], reason: 'second', by: 'other' })
  await op('denyImport', { source: file, reason: '' })
  await op('denyDrop', { name: 'list', reason: 'third' })
  const { log } = (await op('denyShow', { log: true })) as unknown as { log: LogLine[] }
  assert.deepEqual(
    log.map(({ by, action, what, reason }) => [by, action, what, reason]),
    [
      ['tester', 'drop', 'list', 'third'],
      ['tester', 'import', `list from ${file}: 1 added, 0 removed`, ''],
      ['other', 'rm', `/ipfs/${root}`, 'second'],
      ['tester', 'add', `/ipfs/${root}`, 'first'],
    ],
  )
  assert.ok(log.every(({ atMs }) => atMs >= startedMs && atMs <= Date.now()))
  const { database } = folderPaths(deployment.data)
  const writer = openCatalogWriter(database).ok!
  assert.throws(() => writer.exec('DELETE FROM deny_log'), /only grows/)
  assert.throws(() => writer.exec("UPDATE deny_log SET by = 'x'"), /only grows/)
  writer.close()
})

interface LogLine {
  readonly by: string
  readonly action: string
  readonly what: string
  readonly reason: string
  readonly atMs: number
}

test('what can not be denied, or taken back, is refused and changes nothing', async (t) => {
  const { root, op, status } = await rig(t)
  const refused = (params: object, pattern: RegExp, method = 'denyAdd'): Promise<void> =>
    assert.rejects(op(method, params), pattern)
  await refused({ what: [root, 'nonsense'] }, /"nonsense": rule expected/)
  await refused({ what: [] }, /"what" expected/)
  await refused({ what: [`/ipfs/${root}/${'a'.repeat(16_384)}`] }, /expected <= 16384 characters/)
  await refused({ what: [root], reason: '' }, /"reason" expected/)
  await refused({ what: [root], reason: 'x'.repeat(1001) }, /"reason" expected <= 1000/)
  await refused({ what: [root], by: '' }, /"by" expected/)
  await refused({ what: [root] }, /expected to be denied, is not/, 'denyRemove')
  await refused({ name: 'own' }, /"name" expected/, 'denyDrop')
  await refused({ name: 'none' }, /list none expected/, 'denyDrop')
  await refused({ source: '/none/such.deny' }, /ENOENT/, 'denyImport')
  await refused({ source: 'http://127.0.0.1/x' }, /expected https:/, 'denyImport')
  await op('denyAdd', { what: ['bafkqaaa'] })
  await refused({ what: ['bafkqaaa', root] }, /is not/, 'denyRemove')
  const shown = (await op('denyShow')) as unknown as DenyShown
  assert.deepEqual(
    shown.rules.map(({ rule }) => rule),
    ['/ipfs/bafkqaaa'],
  )
  assert.equal(await status(`/ipfs/${root}/a.txt`), 200)
})

test('an import replaces what its list had, and leaves other lists alone', async (t) => {
  const { root, op, folder, becomes, status } = await rig(t)
  const file = join(folder, 'bad bits.deny')
  assert.equal(denylistName(file), 'bad-bits')
  const hashed = hash('sha256', `${root}/a.txt`)
  await writeFile(file, `//${hashed}\n/ipfs/${root}/b.txt gateway_status=451\nnonsense\n`)
  const first = await op('denyImport', { source: file })
  const { firstRefusal, ...counts } = first
  assert.deepEqual(
    { ...counts },
    { name: 'bad-bits', rules: 2, added: 2, removed: 0, refusedLines: 1 },
  )
  assert.match(String(firstRefusal), /^line 3/)
  await becomes(`/ipfs/${root}/a.txt`, 410)
  await becomes(`/ipfs/${root}/b.txt`, 451)
  assert.deepEqual(
    { ...(await op('denyImport', { source: file })) },
    { name: 'bad-bits', unchanged: true },
  )
  // What the operator says holds before any list.
  await op('denyAdd', { what: [`!/ipfs/${root}/a.txt`] })
  await becomes(`/ipfs/${root}/a.txt`, 200)
  await writeFile(file, `/ipfs/${root}/b.txt\n/ipns/a.example\n`)
  const second = await op('denyImport', { source: file })
  assert.deepEqual([second.added, second.removed], [2, 2])
  await becomes(`/ipfs/${root}/b.txt`, 410)
  await op('denyDrop', { name: 'bad-bits' })
  await becomes(`/ipfs/${root}/b.txt`, 200)
  assert.equal(await status(`/ipfs/${root}/a.txt`), 200)
})

test('a slow stream of a file that is denied meanwhile breaks off', async (t) => {
  const { root, op, deployment } = await rig(t, {}, 24 << 20)
  const { port } = new URL(deployment.url)
  const socket = connect(Number(port), '127.0.0.1')
  socket.on('error', () => {})
  socket.write(`GET /ipfs/${root}/big.bin HTTP/1.1\r\nHost: x\r\n\r\n`)
  const got = { bytes: 0 }
  socket.on('data', (chunk) => {
    got.bytes += chunk.length
    socket.pause()
    setTimeout(() => socket.resume(), 2)
  })
  while (got.bytes < 1 << 20) await sleep(5)
  await op('denyAdd', { what: [root] })
  await once(socket, 'close', { signal: AbortSignal.timeout(8000) })
  assert.ok(got.bytes < 24 << 20, `${got.bytes} bytes`)
})

test('kept connections and workers hear of it, too', async (t) => {
  const { root, op, becomes } = await rig(t, { workers: 2 })
  const paths = ['a.txt', 'b.txt'].map((name) => `/ipfs/${root}/${name}`)
  for (let i = 0; i < 8; i++) for (const path of paths) await becomes(path, 200)
  await op('denyAdd', { what: [paths[0]] })
  await sleep(600)
  for (let i = 0; i < 8; i++) {
    await becomes(paths[0]!, 410)
    await becomes(paths[1]!, 200)
  }
})

test('names are denied as paths, as hosts, as records, and by their hash', async (t) => {
  const { root, op, becomes, status, deployment } = await rig(t)
  const published = await op('namePublish', { path: `/ipfs/${root}`, key: 'site' })
  const name = `/ipns/${String(published.name)}`
  await becomes(`${name}/a.txt`, 200)
  assert.equal(await status(`${name}?format=ipns-record`), 200)
  await op('denyAdd', { what: [String(published.name)] })
  await becomes(`${name}/a.txt`, 410)
  assert.equal(await status(`${name}?format=ipns-record`), 410)
  assert.equal(await status(`/ipfs/${root}/a.txt`), 200)
  await op('denyRemove', { what: [String(published.name)] })
  await becomes(`${name}/a.txt`, 200)
  // Of a DNS name, by the hash that badbits had first; it has no DNSLink, and is not asked for one.
  const hashed = hash('sha256', 'denied.example/')
  await op('denyAdd', { what: [`//${hashed}`] })
  await becomes('/ipns/denied.example', 410)
  const { port } = new URL(deployment.url)
  const socket = connect(Number(port), '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: denied.example\r\nConnection: close\r\n\r\n')
  const answer = Buffer.concat(await socket.toArray()).toString()
  assert.doesNotMatch(answer, /^HTTP\/1.1 200/)
})

/** A server of one list that can be told to fail. */
async function listServer(t: TestContext): Promise<{
  readonly url: string
  readonly seen: (string | undefined)[]
  answer: (request: IncomingMessage, response: ServerResponse) => void
}> {
  const served = {
    url: '',
    seen: [] as (string | undefined)[],
    answer: (_: IncomingMessage, r: ServerResponse) => void r.end(),
  }
  const server = createServer((request, response) => {
    served.seen.push(request.headers['if-none-match'])
    served.answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as { port: number }
  return Object.assign(served, { url: `http://127.0.0.1:${port}/watched.deny?token=secret` })
}

test('a watched source is read again; its failure denies and forgets nothing', async (t) => {
  const server = await listServer(t)
  let list = '# nothing yet\n'
  let broken = false
  server.answer = (request, response) => {
    if (broken) return void response.writeHead(200).end('<html>an error page</html>\n')
    const etag = `"${hash('sha1', list)}"`
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304).end()
    response.writeHead(200, { etag }).end(list)
  }
  const { root, becomes, op, deployment, status } = await rig(t, {
    denylists: [server.url],
    denylistRefreshMs: 100,
    allowPrivateOrigins: true,
  })
  const [a, b] = ['a.txt', 'b.txt'].map((name) => `/ipfs/${root}/${name}`) as [string, string]
  await becomes(a, 200)
  list = `${a}\n`
  await becomes(a, 410)
  broken = true
  while (deployment.turnpike.denylists.failing === 0) await sleep(10)
  assert.equal(await status(a), 410)
  assert.equal(await status(b), 200)
  broken = false
  list = `${b}\n`
  await becomes(b, 410)
  await becomes(a, 200)
  await sleep(250)
  assert.ok(server.seen.at(-1)?.startsWith('"'), 'asks whether it has changed')
  const { log } = (await op('denyShow', { log: true })) as unknown as { log: LogLine[] }
  assert.ok(log.every(({ by, what }) => by === 'turnpike' && !what.includes('secret')))
  assert.equal(log.length, 3, 'after the first, only what changes something is in the log')
})

test('a source that breaks off, redirects, or is none, is refused', async (t) => {
  const server = await listServer(t)
  const { root, op, status } = await rig(t)
  const a = `/ipfs/${root}/a.txt`
  const answers: ((request: IncomingMessage, response: ServerResponse) => void)[] = [
    (_, response) => void response.writeHead(500).end(),
    (_, response) => void response.writeHead(200).end(),
    (_, response) => void response.writeHead(302, { location: '/other' }).end(),
    (_, response) => void response.writeHead(200).end(Buffer.from([0xff, 0xfe, 0x0a])),
    (_, response) => void response.writeHead(200).end(`version: 9\n---\n${a}\n`),
    ...[{ 'content-length': 999 }, {}].map((headers) => (_: unknown, response: ServerResponse) => {
      response.writeHead(200, headers)
      response.write(`${a}\n`, () => response.destroy())
    }),
  ]
  for (const answer of answers) {
    server.answer = answer
    const params = { source: server.url, allowHttp: true }
    await assert.rejects(op('denyImport', params), { name: 'DenySourceFailed' }, String(answer))
  }
  assert.equal(await status(a), 200)
})

test('a source is read up to so many bytes', async (t) => {
  const folder = await testFolder()
  t.after(() => folder.remove())
  const file = join(folder.path, 'l.deny')
  await writeFile(file, '# 789\n/ipns/a.example\n')
  const { signal } = new AbortController()
  const options = { etag: undefined, allowHttp: false, signal, onProgress() {} }
  const read = await readDenySource(file, { ...options, bytesMax: 22 })
  assert.equal(read.ok?.unchanged, false)
  const more = await readDenySource(file, { ...options, bytesMax: 21 })
  assert.match(more.error!.message, /expected <= 21 bytes/)
})

test('a file that is replaced is read again only when it has changed', async (t) => {
  const { folder, op } = await rig(t)
  const file = join(folder, 'l.deny')
  await writeFile(file, '/ipns/a.example\n')
  assert.equal((await op('denyImport', { source: file })).added, 1)
  assert.equal((await op('denyImport', { source: file })).unchanged, true)
  await writeFile(`${file}.new`, '/ipns/b.example\n')
  await rename(`${file}.new`, file)
  assert.equal((await op('denyImport', { source: file })).added, 1)
})
