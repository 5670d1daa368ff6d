import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { CONTROL_CLIENTS_MAX, CONTROL_REQUEST_BYTES_MAX } from '@turnpike/core/limits'
import { BATCHES_IN_FLIGHT_MAX } from '@turnpike/core/limits/inbox'
import { ACKS_IN_FLIGHT_MAX } from '@turnpike/core/limits/read-receipts'
import { RECEIPT_LOOKUPS_MAX } from '@turnpike/core/limits/receipt-index'
import { MESSAGES_IN_FLIGHT_MAX } from '@turnpike/core/limits/ucan'
import { fail, ok } from '@turnpike/core/result'
import { callOrOpen, callOwner } from './client.ts'
import { startControl, type ControlServer, type Operations } from './server.ts'

function folder(t: TestContext, ...below: string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'turnpike-control-'))
  t.after(() => rmSync(root, { recursive: true }))
  const path = join(root, ...below)
  mkdirSync(path, { recursive: true })
  return path
}

async function serve(
  t: TestContext,
  data: string,
  operations: Operations,
  onCrash: (error: unknown) => void = (error) => assert.fail(String(error)),
): Promise<ControlServer> {
  const server = await startControl(data, operations, onCrash)
  t.after(() => server.close())
  return server
}

class NotToday extends Error {
  override readonly name = 'NotToday'
}

test('an operation answers its caller, with progress on the way', async (t) => {
  const data = folder(t)
  const server = await serve(t, data, {
    add: async (params, call) => {
      call.progress({ done: 1 })
      return ok({ got: params })
    },
  })
  if (process.platform !== 'win32') assert.equal(statSync(server.path).mode & 0o777, 0o600)
  const seen: unknown[] = []
  const answer = await callOwner(data, 'add', { a: 'ü\n' }, { onProgress: (e) => seen.push(e) })
  assert.deepEqual(answer.ok, { got: { a: 'ü\n' } })
  assert.deepEqual(seen, [{ done: 1 }])
})

test('an expected failure keeps its name and words, a crash tells the server only', async (t) => {
  const data = folder(t)
  const crashes: unknown[] = []
  const operations: Operations = {
    no: async () => fail(new NotToday('come again')),
    crash: async () => {
      throw new TypeError('secret detail')
    },
  }
  await serve(t, data, operations, (error) => crashes.push(error))
  const { error } = await callOwner(data, 'no', {})
  assert.equal(error!.name, 'NotToday')
  assert.equal(error!.message, 'come again')
  const crashed = await callOwner(data, 'crash', {})
  assert.equal(crashed.error!.name, 'ControlCrashed')
  assert.doesNotMatch(crashed.error!.message, /secret/)
  assert.equal(crashes.length, 1)
  for (const method of ['none', 'toString', '__proto__'])
    assert.equal((await callOwner(data, method, {})).error!.name, 'ControlRefused')
})

test('a caller that leaves aborts its operation; so does the end of the server', async (t) => {
  const data = folder(t)
  let started = Promise.withResolvers<void>()
  let aborted = Promise.withResolvers<void>()
  const wait: Operations[string] = (_params, { signal }) =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        aborted.resolve()
        resolve(ok({}))
      })
      started.resolve()
    })
  const server = await serve(t, data, { wait })
  const leaving = new AbortController()
  const call = callOwner(data, 'wait', {}, { signal: leaving.signal })
  await started.promise
  leaving.abort()
  assert.equal((await call).error!.name, 'ControlLost')
  await aborted.promise
  started = Promise.withResolvers()
  aborted = Promise.withResolvers()
  const other = callOwner(data, 'wait', {})
  await started.promise
  await server.close()
  await aborted.promise
  assert.equal((await other).error!.name, 'ControlLost')
  assert.equal(existsSync(server.path), false)
})

test('a folder whose path is too long for a socket is reached all the same', async (t) => {
  const data = folder(t, 'deep'.repeat(20), 'deeper'.repeat(20))
  const server = await serve(t, data, { ping: async () => ok({}) })
  assert.ok((await callOwner(data, 'ping', {})).ok)
  // What a killed owner left does not stand in the way of the next one.
  await server.close()
  assert.equal((await callOwner(data, 'ping', {})).error!.name, 'NobodyThere')
  writeFileSync(join(data, 'control.path'), '/etc/passwd')
  await serve(t, data, { ping: async () => ok({}) })
  assert.ok((await callOwner(data, 'ping', {})).ok)
  assert.ok(existsSync('/etc/passwd') || process.platform === 'win32')
})

test('a socket that a killed owner left counts as nobody, and is replaced', async (t) => {
  const data = folder(t)
  writeFileSync(join(data, 'control.sock'), '')
  assert.equal((await callOwner(data, 'ping', {})).error!.name, 'NobodyThere')
  await serve(t, data, { ping: async () => ok({}) })
  assert.ok((await callOwner(data, 'ping', {})).ok)
})

test('a request that is too long, or no JSON, is refused; others are still served', async (t) => {
  const data = folder(t)
  const server = await serve(t, data, { size: async (p) => ok({ n: String(p).length }) })
  const frame = JSON.stringify({ method: 'size', params: '' }).length
  const most = 'x'.repeat(CONTROL_REQUEST_BYTES_MAX - frame)
  assert.deepEqual((await callOwner(data, 'size', most)).ok, { n: most.length })
  assert.equal((await callOwner(data, 'size', `${most}x`)).error!.name, 'ControlLost')
  for (const line of ['{\n', 'null\n', '[1]\n', '{"method":1}\n']) {
    const socket = connect(server.path)
    socket.write(line)
    const answer = await socket.toArray()
    assert.match(Buffer.concat(answer).toString(), /ControlRefused.*size/)
  }
  assert.ok((await callOwner(data, 'size', 'x')).ok)
})

test('connections beyond the bound are closed and those within are served', async (t) => {
  const data = folder(t)
  const gate = Promise.withResolvers<void>()
  await serve(t, data, {
    wait: async () => {
      await gate.promise
      return ok({})
    },
  })
  const calls = Array.from({ length: CONTROL_CLIENTS_MAX + 3 }, () => callOwner(data, 'wait', {}))
  setTimeout(gate.resolve, 200)
  const answers = await Promise.all(calls)
  assert.equal(answers.filter(({ ok: good }) => good).length, CONTROL_CLIENTS_MAX)
})

test('what comes over HTTP leaves a quarter of the connections to commands', () => {
  const overHttp =
    MESSAGES_IN_FLIGHT_MAX + BATCHES_IN_FLIGHT_MAX + ACKS_IN_FLIGHT_MAX + RECEIPT_LOOKUPS_MAX
  assert.ok(overHttp <= (CONTROL_CLIENTS_MAX * 3) / 4, `${overHttp} of ${CONTROL_CLIENTS_MAX}`)
})

test('without an owner the operation runs here, and the folder is closed after it', async (t) => {
  const data = folder(t)
  let closed = 0
  const open = async () =>
    ok({
      operations: { ping: async () => ok({ here: true }) },
      close: async () => void closed++,
    })
  assert.deepEqual((await callOrOpen(data, open, 'ping', {})).ok, { here: true })
  assert.equal(closed, 1)
  await assert.rejects(callOrOpen(data, open, 'pong', {}), RangeError)
  assert.equal(closed, 2)
})

test('while an owner is starting, a command waits for it', async (t) => {
  const data = folder(t)
  class FolderInUse extends Error {
    override readonly name = 'FolderInUse'
  }
  let asked = 0
  const open = async () => {
    if (++asked === 2) await serve(t, data, { ping: async () => ok({ here: false }) })
    return fail(new FolderInUse('owned'))
  }
  assert.deepEqual((await callOrOpen(data, open, 'ping', {})).ok, { here: false })
  const broken = async () => fail(new NotToday('broken'))
  assert.equal((await callOrOpen(folder(t), broken, 'ping', {})).error!.name, 'NotToday')
})
