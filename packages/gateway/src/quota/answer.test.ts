import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { linkToString, type Link } from '@turnpike/core/link'
import { QUOTA_WINDOW_BYTES } from '@turnpike/core/limits/billing'
import { DENY, READ_FLAGS } from '@turnpike/core/log/entry'
import type { SpaceDid } from '@turnpike/core/ports/content'
import { PROFILES } from '@turnpike/core/unixfs/profile'
import { createGateway } from '../gateway.ts'
import { alice, bob, drain, fileBlocks, type Got, World } from '../testing/world.ts'
import type { QuotaAccount } from './account.ts'
import { QuotaBook } from './book.ts'
import { PlanGate } from './gate.ts'
import { KeptQuotas } from './kept-quotas.ts'

const profile = PROFILES['unixfs-v1-2025']
const LARGE_BYTES = 5 * QUOTA_WINDOW_BYTES
const ANN = 'did:mailto:example.com:ann'

/** Alice's space has a customer with a limit, Bob's has one without. */
class Rig {
  readonly world = new World()
  readonly small = fileBlocks(profile, Buffer.from('in two spaces'))
  readonly mine = fileBlocks(profile, Buffer.from('in one'))
  readonly large = fileBlocks(profile, randomBytes(LARGE_BYTES))
  readonly book: QuotaBook
  readonly gateway
  readonly quotas: KeptQuotas
  account: QuotaAccount

  constructor(limitBytes: number, refusal: QuotaAccount['refusal'] = 'PaymentRequired') {
    this.world.put(alice, [...this.small.blocks, ...this.mine.blocks, ...this.large.blocks])
    this.world.put(bob, this.small.blocks)
    const deps = this.world.deps()
    const endMs = deps.clock.nowMs() + 60_000
    const day = { usedBytes: 0n, limitBytes: undefined, endMs }
    const period = { usedBytes: 0n, limitBytes: BigInt(limitBytes), endMs }
    this.account = { period, day, reason: 'limit', refusal }
    const { clock, timer } = deps
    this.book = new QuotaBook({ clock, uncountedBytesMax: 0n, customersMax: 10 })
    const ask = async (): Promise<Map<string, QuotaAccount>> => new Map([[ANN, this.account]])
    this.quotas = new KeptQuotas({ book: this.book, ask, clock, timer, holder: 'p' })
    const payerOf = (space: SpaceDid): string | undefined => (space === alice ? ANN : undefined)
    this.gateway = createGateway({ ...deps, quota: new PlanGate(payerOf, this.quotas) })
  }

  async get(link: Link, init: RequestInit = {}, bytesMax?: number): Promise<Got> {
    const url = `http://gateway.example/ipfs/${linkToString(link)}`
    return drain(await this.gateway.handle(new Request(url, init)), bytesMax)
  }

  get pending(): bigint {
    return this.book.pendingBytes(ANN)
  }
}

test('a read beyond the limit is refused, metered, and kept by nobody', async () => {
  for (const [refusal, status] of [
    ['PaymentRequired', 402],
    ['QuotaExceeded', 429],
  ] as const) {
    const rig = new Rig(0, refusal)
    const got = await rig.get(rig.mine.root.link, { headers: { accept: 'text/html' } })
    assert.equal(got.status, status)
    assert.equal(got.headers.get('cache-control'), 'no-store')
    assert.equal(got.headers.get('retry-after'), '60')
    assert.match(Buffer.from(got.body).toString(), /<html/)
    const [read] = rig.world.reads
    assert.deepEqual(
      [read!.space, read!.status, read!.bytes, read!.deny],
      [alice, status, 0n, DENY.payment],
    )
    assert.equal(read!.flags & (READ_FLAGS.allowed | READ_FLAGS.content), 0)
    assert.equal(rig.world.opened.length, 0, 'before any work')
    assert.equal(rig.pending, 0n)
    rig.quotas.close()
  }
})

test('what is read is paid for, from memory too; HEAD, 304 and errors cost nothing', async () => {
  const rig = new Rig(100)
  const { link } = rig.mine.root
  for (let times = 1; times <= 3; times++) {
    const got = await rig.get(link)
    assert.equal(got.status, 200)
    assert.equal(rig.pending, BigInt(times * 'in one'.length))
  }
  const etag = (await rig.get(link)).headers.get('etag')!
  const before = rig.pending
  assert.equal((await rig.get(link, { method: 'HEAD' })).status, 200)
  assert.equal((await rig.get(link, { headers: { 'if-none-match': etag } })).status, 304)
  assert.equal((await rig.get(link, { headers: { range: 'bytes=99-' } })).status, 416)
  assert.equal(rig.pending, before)
  assert.equal((await rig.get(link, { headers: { range: 'bytes=0-1' } })).status, 206)
  assert.equal(rig.pending, before + 2n)
  rig.quotas.close()
})

test('a body is cut where its quota ends, and its entry says what was sent', async () => {
  const rig = new Rig(2 * QUOTA_WINDOW_BYTES + 5)
  const got = await rig.get(rig.large.root.link)
  assert.equal(got.status, 200)
  assert.equal(got.broken, true)
  assert.ok(got.body.length > QUOTA_WINDOW_BYTES)
  assert.ok(got.body.length <= 3 * QUOTA_WINDOW_BYTES + 5)
  assert.equal(rig.world.reads[0]!.bytes, BigInt(got.body.length))
  assert.equal(rig.pending, BigInt(got.body.length), 'the rest was given back')
  assert.equal((await rig.get(rig.mine.root.link)).status, 402)
  rig.quotas.close()
})

test('a reader who leaves pays for what was sent', async () => {
  const rig = new Rig(LARGE_BYTES)
  const got = await rig.get(rig.large.root.link, {}, 5)
  assert.equal(rig.pending, BigInt(got.body.length))
  assert.ok(got.body.length < QUOTA_WINDOW_BYTES)
  rig.quotas.close()
})

test('content that another space has as well is served, and that one pays', async () => {
  const rig = new Rig(0)
  const got = await rig.get(rig.small.root.link)
  assert.equal(got.status, 200)
  assert.equal(rig.world.reads[0]!.space, bob)
  const free = new Rig(5)
  assert.equal((await free.get(free.small.root.link)).status, 200)
  assert.equal(free.world.reads[0]!.space, alice)
  rig.quotas.close()
  free.quotas.close()
})
