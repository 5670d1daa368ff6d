import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { QuotaEvent } from '@turnpike/accounting/quota/events'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { parsePlans } from '@turnpike/core/billing/parse-plans'
import { parsePeriod } from '@turnpike/core/billing/period'
import { QUOTA_WEBHOOK_SKEW_MS } from '@turnpike/core/limits/billing'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { CustomerDid } from '@turnpike/core/ports/provisioning'
import { Books } from '../billing/testing/books.ts'
import { nodeHasher } from '../hasher.ts'
import { testFolder, testSettings } from '../testing/deployment.ts'
import { quotaJobs } from './job.ts'
import {
  EVENT_HEADER,
  SIGNATURE_HEADER,
  sendWebhook,
  signWebhook,
  verifyWebhook,
} from './webhook.ts'

const ANN: CustomerDid = 'did:mailto:example.com:ann'
const SPACE: SpaceDid = 'did:key:z6MkPhotos'
const NOVEMBER = parsePeriod('2026-11')!
const SECRET = 'correct horse battery staple'

interface Receiver {
  readonly url: string
  readonly events: QuotaEvent[]
  /** Statuses of the next answers; 204 when there is none left. */
  readonly answers: number[]
}

/** A receiver that takes what is signed, each event once. */
async function receiver(t: TestContext, nowMs: () => number): Promise<Receiver> {
  const events: QuotaEvent[] = []
  const answers: number[] = []
  const seen = new Set<string>()
  const server: Server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray())
    const signature = String(request.headers[SIGNATURE_HEADER])
    assert.ok(verifyWebhook(body, signature, Buffer.from(SECRET), nowMs()))
    const event = JSON.parse(body.toString()) as QuotaEvent
    assert.equal(request.headers[EVENT_HEADER], event.id)
    response.statusCode = answers.shift() ?? 204
    const isTaken = response.statusCode < 300
    if (isTaken && !seen.has(event.id)) events.push(event)
    if (isTaken) seen.add(event.id)
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, events, answers }
}

test('thresholds and states are told once each, in spite of answers that fail', async (t) => {
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs }
  let nowMs = NOVEMBER.firstEpoch * EPOCH_MS
  const folder = await testFolder()
  t.after(() => folder.remove())
  const secret = join(folder.path, 'secret')
  writeFileSync(secret, `${SECRET}\n`)
  const books = new Books()
  t.after(() => books.close())
  const { url, events, answers } = await receiver(t, () => nowMs)
  const egress = { included: 100, limit: 'hard' }
  const plan = { id: 'did:web:hard.example', name: 'Hard', currency: 'EUR', egress }
  const plans = parsePlans({ plans: [plan] }).ok!
  books.addCustomer(ANN, NOVEMBER.firstEpoch)
  books.addCustomer('did:mailto:example.com:bob', NOVEMBER.firstEpoch)
  books.assign(SPACE, ANN, NOVEMBER.firstEpoch)
  const { billing, catalog } = books.rig
  const hook = { quotaWebhook: url, quotaWebhookSecret: secret, allowPrivateOrigins: true }
  const open = () =>
    quotaJobs({
      settings: testSettings(folder.path, hook),
      billing,
      catalog,
      clock,
      plans,
      ledger: books.ledger,
      hasher: nodeHasher,
      random: { bytes: (length) => randomBytes(length) },
    })[0]!
  let job = open()
  const run = async (): Promise<void> => {
    nowMs += 2_000
    // One page of customers, and one behind the last.
    for (let pages = 0; pages < 2; pages++) await job.run(new AbortController().signal)
  }
  const told = (): unknown[] =>
    events
      .splice(0)
      .map(({ type, threshold, before, state }) =>
        type === 'quota.threshold' ? threshold : `${before} ${state}`,
      )
  const read = (bytes: bigint): void =>
    books.read({ epoch: Math.floor(nowMs / EPOCH_MS), space: SPACE, bytes })

  await run()
  read(49n)
  await run()
  assert.deepEqual(told(), [])
  read(1n)
  answers.push(500)
  await run()
  assert.deepEqual(told(), [], 'it was refused')
  job = open()
  await run()
  await run()
  assert.deepEqual(told(), [50])
  read(50n)
  await run()
  assert.deepEqual(told().toSorted(), [100, 80, 'ok blocked'].toSorted())
  await run()
  assert.deepEqual(told(), [], 'once')
  nowMs = NOVEMBER.endEpoch * EPOCH_MS
  await run()
  assert.deepEqual(told(), ['blocked ok'])
  read(60n)
  await run()
  assert.deepEqual(told(), [50], 'of another month')
})

test('a signature is for one body, one secret and five minutes', () => {
  const body = Buffer.from('{}')
  const secret = Buffer.from(SECRET)
  const nowMs = 1_795_248_000_999
  const signature = signWebhook(body, secret, nowMs)
  assert.match(signature, /^t=1795248000,v1=[0-9a-f]{64}$/)
  assert.ok(verifyWebhook(body, signature, secret, nowMs + QUOTA_WEBHOOK_SKEW_MS - 999))
  assert.ok(!verifyWebhook(body, signature, secret, nowMs + QUOTA_WEBHOOK_SKEW_MS + 1))
  assert.ok(!verifyWebhook(body, signature, secret, nowMs - QUOTA_WEBHOOK_SKEW_MS - 1_000))
  assert.ok(!verifyWebhook(Buffer.from('{ }'), signature, secret, nowMs))
  assert.ok(!verifyWebhook(body, signature, Buffer.from('other'), nowMs))
  for (const wrong of ['', 't=1,v1=', signature.replace('t=1', 't=2'), `${signature}0`])
    assert.ok(!verifyWebhook(body, wrong, secret, nowMs), wrong)
})

test('messages go by https to public addresses only, and follow nothing', async (t) => {
  const { url, answers } = await receiver(t, () => 0)
  const to = (address: string, allowPrivate: boolean): Promise<void> =>
    sendWebhook(
      {
        setting: 'statementWebhook',
        url: new URL(address),
        secret: Buffer.from(SECRET),
        allowPrivate,
      },
      { id: 'e', body: Buffer.from('{"id":"e"}') },
      { nowMs: 0, signal: AbortSignal.timeout(5_000) },
    )
  await to(url, true)
  for (const address of [url, url.replace('http:', 'https:'), 'https://localhost/'])
    await assert.rejects(to(address, false), { name: 'WebhookFailed' }, address)
  for (const status of [301, 404, 500]) {
    answers.push(status)
    await assert.rejects(to(url, true), new RegExp(`statementWebhook expected .*got ${status}`))
  }
  await assert.rejects(to('http://127.0.0.1:1/', true), /expected to be reached/)
})
