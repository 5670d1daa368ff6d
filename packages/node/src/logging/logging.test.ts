import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { LOG_WARNINGS_PER_SECOND_MAX } from '@turnpike/core/limits'
import { receiptIdOf } from '@turnpike/core/log/receipt-id'
import type { ReadEntry } from '@turnpike/core/log/entry'
import { OriginFault } from '@turnpike/core/ports/blob'
import type { LogLevel } from '../config/settings.ts'
import { nodeHasher as hasher } from '../hasher.ts'
import { Tally } from '../metrics/tally.ts'
import { describeError, openLog, scrub } from './log.ts'
import { createObserver } from './observer.ts'

const secret = 'correct-horse'
const entry: ReadEntry = {
  id: new Uint8Array(16).fill(7),
  ts: 2,
  started: 1,
  domain: 'localhost',
  space: 'did:key:alice',
  provider: 'did:key:gateway',
  region: 'local',
  cid: new Uint8Array([1, 0x55, 0, 0]),
  status: 200,
  bytes: 4096n,
  flags: 129,
  deny: 0,
  count: 1,
  grade: 1,
}

/** Runs `act` with an observer and returns the lines that it logged. */
async function logged(
  t: TestContext,
  level: LogLevel,
  act: (observer: ReturnType<typeof createObserver>, step: (ms: number) => void) => void,
): Promise<{ level: string; msg: string; [field: string]: unknown }[]> {
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-log-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'deep', 'turnpike.log')
  const { log, close } = openLog({ level, file })
  let monotonicMs = 0
  const clock = { nowMs: () => 0, monotonicMs: () => monotonicMs }
  act(createObserver({ tally: new Tally(), log, hasher, clock }), (ms) => (monotonicMs += ms))
  await close()
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

test('whoever logs when the log is closed is not heard, and breaks nothing', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-log-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'turnpike.log')
  const { log, close } = openLog({ level: 'info', file })
  log.info('before')
  await close()
  log.error('after')
  assert.match(readFileSync(file, 'utf8'), /^[^\n]*before[^\n]*\n$/)
})

test('a read is logged at debug, under the id that its client knows', async (t) => {
  const [line] = await logged(t, 'debug', (observer) => observer.read(entry, 1.23456, undefined))
  assert.equal(line!.request, receiptIdOf(entry.id, hasher))
  assert.equal(line!.cid, 'bafkqaaa')
  assert.equal(line!.ms, 1.2)
  assert.ok(!JSON.stringify(line).includes(Buffer.from(entry.id).toString('hex')))
  assert.deepEqual(await logged(t, 'info', (observer) => observer.read(entry, 1, undefined)), [])
})

test('failures of ours are logged at info, refusals and missing things are not', async (t) => {
  const lines = await logged(t, 'info', (observer) => {
    observer.read({ ...entry, status: 502 }, 1, 'OriginLied')
    observer.read({ ...entry, status: 404 }, 1, 'NotFound')
    observer.unrecorded()
  })
  assert.deepEqual(
    lines.map(({ level, msg }) => `${level} ${msg}`),
    ['warn read failed', 'error refused a request: the journal has no room'],
  )
})

test('neither a fault’s address nor what a crash quotes gets into the log', async (t) => {
  const url = `https://a.example/x?authToken=${secret}`
  const lines = await logged(t, 'trace', (observer) => {
    observer.originFault(new OriginFault('OriginLied', 'https://a.example', `GET ${url}`))
    observer.crash(new Error(`at ${url}`, { cause: new Error(`Authorization: Bearer ${secret}`) }))
  })
  assert.equal(lines.length, 2)
  assert.ok(!JSON.stringify(lines).includes(secret), JSON.stringify(lines))
})

test('a flood of faults is a bounded flood of warnings, second by second', async (t) => {
  const fault = new OriginFault('OriginTimeout', 'https://a.example', 'late')
  const lines = await logged(t, 'info', (observer, step) => {
    for (let i = 0; i < 1000; i++) observer.originFault(fault)
    step(1000)
    observer.originFault(fault)
  })
  assert.equal(lines.length, LOG_WARNINGS_PER_SECOND_MAX + 1)
})

test('addresses, tokens and queries are scrubbed, the rest stays readable', () => {
  assert.equal(scrub('connect 10.0.0.12:443 refused'), 'connect (address):443 refused')
  assert.equal(scrub('from 2001:db8:0:0:1::5'), 'from (address)')
  assert.equal(scrub('at 12:34:56 did:key:z6Mk'), 'at 12:34:56 did:key:z6Mk')
  assert.equal(scrub('bearer abc.def'), 'bearer …')
  assert.equal(describeError('text').message, 'text')
})

test('errors that cause one another in a circle are cut', () => {
  const error = new Error('round')
  error.cause = error
  assert.ok(JSON.stringify(describeError(error)).length < 100_000)
})
