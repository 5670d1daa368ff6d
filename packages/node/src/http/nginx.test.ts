import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test, type TestContext } from 'node:test'
import { CHUNK_BYTES_MAX } from '@turnpike/core/limits'
import { freePort } from './listen.ts'
import { chunks, get, kernelBytesMax, rawClient, rawRequest, rigGateway, until } from './rig.ts'
import { startHttpServer } from './server.ts'

const DOCUMENT = resolve(import.meta.dirname, '../../../../docs/operating/proxies.md')
const PROXY_BUFFER_BYTES = 16 * 1024
const MIB = 1 << 20
const missing = spawnSync('nginx', ['-v']).status !== 0 && 'nginx is not installed'

/** nginx with the configuration that the document gives, but for the two ports. */
async function startNginx(context: TestContext, upstreamPort: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'turnpike-nginx-'))
  const port = await freePort({ host: '127.0.0.1', port: 0, portSearch: false })
  const documented = /```nginx\n([^]*?)```/.exec(await readFile(DOCUMENT, 'utf8'))![1]!
  const site = documented
    .replace('127.0.0.1:8080', `127.0.0.1:${upstreamPort}`)
    .replace('listen 80;', `listen 127.0.0.1:${port};`)
  assert.ok(site.includes(`:${upstreamPort}`) && site.includes(`:${port};`))
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join('\n')
  const config = `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error;
    events { worker_connections 256; }
    http { access_log off; ${paths}\n${site} }`
  await writeFile(join(folder, 'nginx.conf'), config)
  const nginx = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: 'ignore',
  })
  context.after(async () => {
    await stopped(nginx)
    await rm(folder, { recursive: true })
  })
  for (let tries = 0; !(await accepts(port)); tries++) {
    assert.ok(tries < 200 && nginx.exitCode === null, 'nginx starts')
    await new Promise((wait) => setTimeout(wait, 10))
  }
  return port
}

async function stopped(nginx: ChildProcess): Promise<void> {
  if (nginx.exitCode !== null) return
  nginx.kill('SIGTERM')
  await once(nginx, 'exit')
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

test('nginx as documented passes host, scheme and body on', { skip: missing }, async (t) => {
  const urls: string[] = []
  const gateway = rigGateway(({ url }) => {
    urls.push(url)
    return chunks(3 * MIB, CHUNK_BYTES_MAX)
  })
  const { observer } = gateway
  const server = await startHttpServer({ gateway, observer, port: 0 })
  t.after(() => server.close({ graceMs: 0 }))
  const port = await startNginx(t, server.port)
  const request = get('/a?b', 'Connection: close').replace('localhost', `a.example:${port}`)
  assert.equal((await rawRequest(port, request)).body.length, 3 * MIB)
  assert.deepEqual(urls, [`http://a.example:${port}/a?b`])
})

test('a download cut behind nginx is billed what nginx sent', { skip: missing }, async (t) => {
  const size = 256 * MIB
  const gateway = rigGateway(() => chunks(size, CHUNK_BYTES_MAX, true))
  const { observer } = gateway
  const server = await startHttpServer({ gateway, observer, port: 0 })
  t.after(() => server.close({ graceMs: 0 }))
  const port = await startNginx(t, server.port)
  const allowed = 2 * kernelBytesMax() + PROXY_BUFFER_BYTES + CHUNK_BYTES_MAX
  for (const cut of [1, 5 * MIB, 20 * MIB]) {
    const client = rawClient(port, get('/'))
    let received = 0
    client.on('data', (part: Buffer) => {
      received += part.length
      if (received < cut || client.isPaused()) return
      client.pause()
      // Time enough for a proxy that reads ahead to take all of it.
      setTimeout(() => client.destroy(), 150)
    })
    await once(client, 'close')
    const record = gateway.records.at(-1)!
    await until(() => record.ends.length === 1, 'the end of the body')
    const { bytes, end } = record.ends[0]!
    t.diagnostic(`cut after ${cut}: received ${received}, recorded ${bytes}`)
    assert.equal(end, 'client-left')
    assert.ok(bytes >= cut - 1000, 'at least what the reader got of the body')
    assert.ok(bytes <= received + allowed, `${bytes} of ${received} + ${allowed}`)
  }
})
