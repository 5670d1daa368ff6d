import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { QUOTA_ASKED_MAX, QUOTA_WINDOW_BYTES } from '@turnpike/core/limits/billing'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { QuotaLease } from '@turnpike/core/ports/quota'
import type { Clock, Timer } from '@turnpike/core/ports/runtime'
import type { QuotaAccount } from './account.ts'
import { QuotaBook } from './book.ts'
import { PlanGate, type Quotas } from './gate.ts'
import { KeptQuotas, type AskQuotas } from './kept-quotas.ts'
import { LeasedQuotas, quotaSaid, type QuotaQuestion, type QuotaSaid } from './leased-quotas.ts'

const WINDOW = QUOTA_WINDOW_BYTES
const ANN = 'did:mailto:example.com:ann'
const SPACE: SpaceDid = 'did:key:z6MkSpace'
const clock: Clock = { nowMs: Date.now, monotonicMs: () => performance.now() }
const timer: Timer = {
  after(delayMs, call) {
    const timeout = setTimeout(call, delayMs)
    return () => clearTimeout(timeout)
  },
}

function accountOf(usedBytes: number, limitBytes: number): QuotaAccount {
  const endMs = Date.now() + 3_600_000
  return {
    period: { usedBytes: BigInt(usedBytes), limitBytes: BigInt(limitBytes), endMs },
    day: { usedBytes: 0n, limitBytes: undefined, endMs },
    reason: 'limit',
    refusal: 'QuotaExceeded',
  }
}

function keep(ask: AskQuotas, uncountedBytesMax = BigInt(4 * WINDOW)): KeptQuotas {
  const book = new QuotaBook({ clock, uncountedBytesMax, customersMax: 2000 })
  return new KeptQuotas({ book, ask, clock, timer, holder: 'primary' })
}

const said =
  (used: () => number, limit: number): AskQuotas =>
  async (customers) =>
    new Map(customers.map((customer) => [customer, accountOf(used(), limit)]))

test('the first read of a customer waits for what accounting says', async () => {
  let asked = 0
  const quotas = keep(async (customers) => {
    asked += 1
    await sleep(20)
    return new Map(customers.map((customer) => [customer, accountOf(5, 5)]))
  })
  const judged = await Promise.all([quotas.judge(ANN), quotas.judge(ANN), quotas.judge(ANN)])
  assert.deepEqual(
    judged.map((refused) => refused?.name),
    ['QuotaExceeded', 'QuotaExceeded', 'QuotaExceeded'],
  )
  assert.equal(asked, 1, 'those who come together are asked for together')
  assert.ok(!(quotas.judge(ANN) instanceof Promise), 'from then on it is known')
  quotas.close()
})

test('without an answer in time, reads go on up to the bound', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const quotas = keep(() => new Promise(() => {}))
  const judging = quotas.judge(ANN)
  t.mock.timers.tick(1_000)
  assert.equal(await judging, undefined)
  for (let i = 0; i < 4; i++) assert.ok(quotas.open(ANN, WINDOW).ok)
  assert.equal(quotas.open(ANN, WINDOW).error?.reason, 'unknown')
  quotas.close()
})

test('a question is about a thousand customers at most, and the next about the rest', async () => {
  const asked: number[] = []
  const quotas = keep(async (customers) => {
    asked.push(customers.length)
    return new Map(customers.map((customer) => [customer, accountOf(0, 1)]))
  })
  const all = Array.from({ length: QUOTA_ASKED_MAX + 5 }, (_, i) => `did:mailto:example.com:${i}`)
  await Promise.all(all.map((customer) => quotas.judge(customer)))
  assert.ok(Math.max(...asked) <= QUOTA_ASKED_MAX)
  assert.equal(
    asked.reduce((a, b) => a + b, 0),
    all.length,
  )
  quotas.close()
})

test('while accounting is mute nobody waits for it but the first', async () => {
  const quotas = keep(() => new Promise(() => {}))
  const first = quotas.judge(ANN)
  assert.ok(first instanceof Promise)
  assert.equal(await first, undefined)
  for (const customer of [ANN, 'did:mailto:example.com:bob'])
    assert.ok(!(quotas.judge(customer) instanceof Promise), customer)
  quotas.close()
})

test('what was used is asked again each second, for those whose reads come in', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const asked: (readonly string[])[] = []
  const quotas = keep(async (customers) => {
    asked.push(customers)
    return new Map(customers.map((customer) => [customer, accountOf(asked.length, 3)]))
  })
  const turn = async (): Promise<void> => {
    t.mock.timers.tick(1_000)
    for (let i = 0; i < 5; i++) await undefined
  }
  for (let i = 0; i < 3; i++) {
    assert.equal(await quotas.judge(ANN), undefined)
    await turn()
  }
  assert.equal((await quotas.judge(ANN))?.reason, 'limit')
  const before = asked.length
  await turn()
  await turn()
  assert.equal(asked.length, before + 1, 'nobody read since')
  quotas.close()
})

/** A worker and its primary, with a channel that keeps the order and can be cut. */
function pair(quotas: KeptQuotas, delayMs: () => number) {
  const channel = { isCut: false }
  let last: Promise<unknown> = Promise.resolve()
  const ask = async (question: QuotaQuestion): Promise<QuotaSaid | undefined> => {
    const before = last
    const arrive = async (): Promise<QuotaSaid> => {
      await before
      await sleep(delayMs())
      return quotaSaid(quotas, 'w1', JSON.parse(JSON.stringify(question)) as QuotaQuestion)
    }
    const answer = arrive()
    // A judgement may wait for accounting; what comes after it does not.
    last = question.do === 'judge' ? before : answer
    if (channel.isCut) return undefined
    return JSON.parse(JSON.stringify(await answer)) as QuotaSaid
  }
  const unansweredBytesMax = 3 * WINDOW
  return { channel, leased: new LeasedQuotas({ clock, ask, holder: 'w1', unansweredBytesMax }) }
}

/** What was sent arrives in its own time; two seconds are plenty. */
async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds() && tries < 400; tries++) await sleep(5)
  assert.ok(holds())
}

test('a worker takes each window from its primary, and gives the rest back', async () => {
  const quotas = keep(said(() => 0, 2 * WINDOW))
  const { leased } = pair(quotas, () => 0)
  assert.equal(await leased.judge(ANN), undefined)
  const { ok: lease } = await leased.open(ANN, 10 * WINDOW)
  assert.equal(lease!.bytesMax, WINDOW)
  assert.equal(await lease!.extend(WINDOW + 5), true)
  assert.equal(lease!.bytesMax, 2 * WINDOW)
  assert.equal(await lease!.extend(2 * WINDOW + 5), false)
  const refused = (await leased.open(ANN, 5)).error!
  assert.deepEqual([refused.name, refused.reason], ['QuotaExceeded', 'limit'])
  assert.ok(refused.message.length > 0 && refused.waitMs! > 0)
  lease!.end(7)
  await until(() => quotas.book.pendingBytes(ANN) === 7n)
  quotas.close()
})

test('that a customer is refused is believed for a second: a flood asks nothing', async () => {
  const quotas = keep(said(() => 1, 1))
  const { leased } = pair(quotas, () => 0)
  assert.equal((await leased.judge(ANN))?.reason, 'limit')
  for (let i = 0; i < 100; i++) {
    const judged = leased.judge(ANN)
    assert.ok(!(judged instanceof Promise))
  }
  quotas.close()
})

test('a worker that gets no answer sends up to its bound, and the primary counts it', async () => {
  const quotas = keep(said(() => 0, 100 * WINDOW))
  const { leased, channel } = pair(quotas, () => 0)
  assert.equal(await leased.judge(ANN), undefined)
  channel.isCut = true
  const leases: QuotaLease[] = []
  for (let i = 0; i < 2; i++) leases.push((await leased.open(ANN, 9 * WINDOW)).ok!)
  assert.equal(await leases[0]!.extend(WINDOW + 1), true)
  assert.equal(await leases[0]!.extend(2 * WINDOW + 1), false, 'the bound')
  assert.equal((await leased.open(ANN, 1)).error?.reason, 'unknown')
  channel.isCut = false
  assert.equal(await leases[1]!.extend(WINDOW + 1), true, 'it goes on when somebody answers')
  leases[0]!.end(2 * WINDOW)
  leases[1]!.end(WINDOW + 3)
  await until(() => quotas.book.pendingBytes(ANN) === BigInt(3 * WINDOW + 3))
  quotas.close()
})

test('processes that share a limit pass it by a window at most', async () => {
  const plan = fc.record({
    limit: fc.nat({ max: 6 * WINDOW }),
    bodies: fc.array(fc.nat({ max: 4 * WINDOW }), { minLength: 1, maxLength: 12 }),
    delays: fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 7 }),
  })
  await fc.assert(
    fc.asyncProperty(plan, async ({ limit, bodies, delays }) => {
      let log = 0
      let inJournal = 0
      const quotas = keep(async (customers) => {
        log += inJournal
        inJournal = 0
        const account = accountOf(log, limit)
        await sleep(1)
        return new Map(customers.map((customer) => [customer, account]))
      })
      let at = 0
      const delayMs = (): number => delays[at++ % delays.length]!
      const holders: Quotas[] = [quotas, pair(quotas, delayMs).leased]
      const read = async (bytes: number, i: number): Promise<number> => {
        const own = holders[i % 2]!
        if ((await own.judge(ANN)) !== undefined) return 0
        const { ok: lease } = await own.open(ANN, bytes)
        if (lease === undefined) return 0
        let sent = Math.min(bytes, lease.bytesMax)
        while (sent < bytes && (await lease.extend(sent + 1)))
          sent = Math.min(bytes, lease.bytesMax)
        inJournal += sent
        lease.end(sent)
        return sent
      }
      const sent = (await Promise.all(bodies.map(read))).reduce((a, b) => a + b, 0)
      quotas.close()
      assert.ok(sent < limit + WINDOW || sent === 0, `${sent} of ${limit}`)
    }),
    { numRuns: 60 },
  )
})

test('who has no limit passes a gate that asks nobody', async () => {
  const never: Quotas = { judge: () => assert.fail(), open: () => assert.fail() }
  const free = new PlanGate(() => undefined, never)
  assert.equal(free.refusal(SPACE), undefined)
  assert.equal((await free.open(SPACE, undefined)).ok?.bytesMax, Infinity)
  const quotas = keep(said(() => 0, 5))
  const gate = new PlanGate((space) => (space === SPACE ? ANN : undefined), quotas)
  assert.equal(await gate.refusal(SPACE), undefined)
  assert.equal((await gate.open(SPACE, undefined)).ok?.bytesMax, WINDOW)
  assert.equal((await gate.refusal(SPACE))?.reason, 'limit')
  quotas.close()
})
