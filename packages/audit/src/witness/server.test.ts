import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { encodeHex } from '../base64.ts'
import { checkMisbehaviour } from '../check-misbehaviour.ts'
import { PROOFS_KEPT_MAX } from '../keep-proof.ts'
import { nodeCrypto } from '../node-crypto.ts'
import { formatNote, parseKey, parseNote, standingOf } from '../note.ts'
import { openWitness, WITNESS_LOGS_MAX, type WitnessOptions } from './folder.ts'
import { WITNESS_REQUEST_BYTES_MAX } from './request.ts'
import { startWitness, type RunningWitness, type WitnessListener } from './server.ts'
import { TestLog } from './testing/log.ts'

const NAME = 'witness.example/w1'

async function folder(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-witness-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return directory
}

function optionsOf(directory: string, logs: readonly string[]): WitnessOptions {
  return { directory, name: NAME, logs, nowMs: Date.now }
}

async function start(
  t: TestContext,
  directory: string,
  logs: readonly TestLog[],
  more: Partial<WitnessListener> = {},
): Promise<RunningWitness> {
  const options = optionsOf(
    directory,
    logs.map(({ vkey }) => vkey),
  )
  const listener = { host: '127.0.0.1', port: 0, ...more }
  const running = await startWitness(await openWitness(options), listener)
  t.after(() => running.close())
  return running
}

async function post({ url }: RunningWitness, body: Uint8Array): Promise<[number, string]> {
  const sent = { method: 'POST', body: Buffer.from(body) }
  const response = await fetch(`${url}/add-checkpoint`, sent)
  return [response.status, await response.text()]
}

test('over HTTP: cosignatures by the key that is told, and the newest checkpoint', async (t) => {
  const log = new TestLog('log.example/1').grow(3)
  const witness = await start(t, await folder(t), [log])
  const [status, line] = await post(witness, log.request(0))
  assert.equal(status, 200)
  const vkey = (await (await fetch(`${witness.url}/vkey`)).text()).trim()
  assert.equal(vkey, witness.key)
  const note = parseNote(formatNote(log.checkpoint()) + line)
  assert.equal(standingOf(note, parseKey(vkey, nodeCrypto), nodeCrypto).kind, 'signed')
  const hash = encodeHex(nodeCrypto.sha256(Buffer.from(log.key.name)))
  const newest = await fetch(`${witness.url}/${hash}/checkpoint`)
  assert.equal(await newest.text(), formatNote(note))
  assert.equal(newest.headers.get('cache-control'), 'no-store')
  const conflict = await fetch(`${witness.url}/add-checkpoint`, {
    method: 'POST',
    body: Buffer.from(log.request(2)),
  })
  assert.equal(conflict.status, 409)
  assert.equal(conflict.headers.get('content-type'), 'text/x.tlog.size')
  assert.equal(await conflict.text(), '3\n')
})

test('what is no request is refused, and costs a bounded amount', async (t) => {
  const log = new TestLog('log.example/1').grow(1)
  const witness = await start(t, await folder(t), [log], { requestMsMax: 200 })
  const statusOf = async (path: string, init: RequestInit = {}): Promise<number> =>
    (await fetch(witness.url + path, init)).status
  assert.equal(await statusOf('/add-checkpoint'), 405)
  assert.equal(await statusOf('/vkey', { method: 'POST' }), 405)
  assert.equal(await statusOf('/'), 404)
  assert.equal(await statusOf(`/${'0'.repeat(64)}/checkpoint`), 404)
  assert.equal((await post(witness, Buffer.alloc(WITNESS_REQUEST_BYTES_MAX)))[0], 400)
  assert.equal((await post(witness, Buffer.alloc(WITNESS_REQUEST_BYTES_MAX + 1)))[0], 413)
  const slow = connect(Number(new URL(witness.url).port), '127.0.0.1')
  slow.write('POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nold')
  let said = ''
  for await (const chunk of slow) said += String(chunk)
  assert.match(said, /^HTTP\/1.1 408/)
})

test('a witness that starts again goes on from what it cosigned', async (t) => {
  const directory = await folder(t)
  const log = new TestLog('log.example/1').grow(9)
  const first = await start(t, directory, [log])
  assert.equal((await post(first, log.request(0, 5)))[0], 200)
  await first.close()
  const second = await start(t, directory, [new TestLog('other.example')])
  assert.equal(second.key, first.key)
  assert.deepEqual(await post(second, log.request(0, 9)), [409, '5\n'])
  assert.equal((await post(second, log.forkAt(3).request(5, 9)))[0], 422)
  assert.equal((await post(second, log.request(5, 9)))[0], 200)
  assert.equal((await stat(join(directory, 'witness.key'))).mode & 0o777, 0o600)
})

test('who goes away in the middle of a request is no fault', async (t) => {
  const faults: unknown[] = []
  const log = new TestLog('log.example/1').grow(1)
  const onFault = (error: unknown): number => faults.push(error)
  const witness = await start(t, await folder(t), [log], { onFault })
  const socket = connect(Number(new URL(witness.url).port), '127.0.0.1')
  socket.write('POST /add-checkpoint HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\nold 0\n')
  await new Promise((resolve) => socket.once('connect', resolve))
  await fetch(`${witness.url}/vkey`)
  socket.destroy()
  await fetch(`${witness.url}/vkey`)
  await witness.close()
  assert.deepEqual(faults, [])
})

test('a fork of a log is refused, and its contradiction is kept once', async (t) => {
  const directory = await folder(t)
  const log = new TestLog('log.example/1').grow(4)
  const witness = await start(t, directory, [log])
  await post(witness, log.request(0))
  const fork = log.forkAt(1)
  assert.equal((await post(witness, fork.request(4)))[0], 409)
  assert.equal((await post(witness, fork.request(4)))[0], 409)
  const kept = await readdir(join(directory, 'misbehaviour'))
  assert.equal(kept.length, 1)
  const proof = await readFile(join(directory, 'misbehaviour', kept[0]!), 'utf8')
  assert.ok(checkMisbehaviour(proof, nodeCrypto).holds)
  for (let i = 0; i < PROOFS_KEPT_MAX + 2; i++)
    await post(witness, log.forkAt(1, `history ${i}`).request(4))
  assert.equal((await readdir(join(directory, 'misbehaviour'))).length, PROOFS_KEPT_MAX)
})

test('a folder that forgot something is refused', async (t) => {
  const directory = await folder(t)
  const log = new TestLog('log.example/1').grow(4)
  const witness = await start(t, directory, [log])
  await post(witness, log.request(0))
  await witness.close()
  const open = (more: Partial<WitnessOptions> = {}): Promise<unknown> =>
    openWitness({ ...optionsOf(directory, []), ...more })
  const state = join(directory, 'state.json')
  const text = await readFile(state, 'utf8')
  const refused = async (changed: string, reason: RegExp): Promise<void> => {
    await writeFile(state, changed)
    await assert.rejects(open(), reason)
    await writeFile(state, text)
  }
  await open()
  await assert.rejects(open({ name: 'another' }), /expected the name witness.example/)
  const same = new TestLog('log.example/1')
  await assert.rejects(open({ logs: [same.vkey] }), /another key is another log/)
  await assert.rejects(open({ logs: [witness.key] }), /log expected a key/)
  await refused('{}', /expected the state of a witness/)
  await refused('', /expected the state of a witness/)
  await refused(text.replace('\\n4\\n', '\\n3\\n'), /signed by the log and by/)
  await rm(state)
  await assert.rejects(open(), /expected a state.json/)
  await writeFile(state, text)
  const key = await readFile(join(directory, 'witness.key'))
  await rm(join(directory, 'witness.key'))
  await assert.rejects(open(), /expected the key that cosigned/)
  await writeFile(join(directory, 'witness.key'), key)
  await open()
})

test('a start that was killed before it had a key is finished; logs are bounded', async (t) => {
  const directory = await folder(t)
  await openWitness(optionsOf(directory, []))
  await rm(join(directory, 'witness.key'))
  await openWitness(optionsOf(directory, []))
  const logs = Array.from({ length: WITNESS_LOGS_MAX }, (_, i) => new TestLog(`log/${i}`).vkey)
  await openWitness(optionsOf(directory, logs))
  await assert.rejects(openWitness(optionsOf(directory, [new TestLog('more').vkey])), /<= 256/)
  await assert.rejects(
    openWitness({ directory: join(directory, 'new'), nowMs: Date.now }),
    /expected a name/,
  )
})
