import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { QUOTA_STALE_MS, QUOTA_WINDOW_BYTES } from '@turnpike/core/limits/billing'
import type { QuotaRefused } from '@turnpike/core/ports/quota'
import type { QuotaAccount } from './account.ts'
import { QuotaBook } from './book.ts'

const WINDOW = QUOTA_WINDOW_BYTES
const DAY_MS = 86_400_000
const NOBODY = 'did:mailto:example.com:nobody'
const ANN = 'did:mailto:example.com:ann'

interface World {
  nowMs: number
  monotonicMs: number
  readonly book: QuotaBook
}

function worldOf(customersMax = 10, uncountedBytesMax = 5n * BigInt(WINDOW)): World {
  const world = { nowMs: 1_000, monotonicMs: 50_000 }
  const clock = { nowMs: () => world.nowMs, monotonicMs: () => world.monotonicMs }
  const book = new QuotaBook({ clock, uncountedBytesMax, customersMax })
  return Object.assign(world, { book })
}

function accountOf(usedBytes: bigint, limitBytes: bigint | undefined, day = 0n): QuotaAccount {
  return {
    period: { usedBytes, limitBytes, endMs: 30 * DAY_MS },
    day: { usedBytes: day, limitBytes: undefined, endMs: DAY_MS },
    reason: 'limit',
    refusal: 'PaymentRequired',
  }
}

function know(book: QuotaBook, account: QuotaAccount): void {
  book.begin([ANN])
  book.settle(ANN, account)
}

test('a lease is given while anything is left, for a window at most', () => {
  const { book } = worldOf()
  know(book, accountOf(0n, BigInt(WINDOW) + 10n))
  assert.equal(book.open(ANN, 'a', 'p', 5 * WINDOW), WINDOW)
  assert.equal(book.open(ANN, 'b', 'p', 4), 4)
  assert.equal(book.open(ANN, 'c', 'p', WINDOW), WINDOW, 'six bytes are left')
  const refused = book.open(ANN, 'd', 'p', 1) as QuotaRefused
  assert.deepEqual([refused.name, refused.reason], ['PaymentRequired', 'limit'])
  assert.equal(refused.waitMs, 30 * DAY_MS - 1_000)
  assert.equal(book.extend(ANN, 'a', 'p', WINDOW), true, 'it has that much already')
  assert.equal(book.extend(ANN, 'a', 'p', WINDOW + 1), false)
  book.end(ANN, 'c', 6)
  book.end(ANN, 'b', 0)
  assert.equal(book.extend(ANN, 'a', 'p', WINDOW + 1), true)
  assert.equal(book.pendingBytes(ANN), BigInt(WINDOW) + 7n)
})

test('a day has a limit of its own, and either refuses', () => {
  const { book } = worldOf()
  const account = accountOf(0n, undefined)
  know(book, { ...account, day: { usedBytes: 7n, limitBytes: 10n, endMs: DAY_MS } })
  assert.equal(book.open(ANN, 'a', 'p', 3), 3)
  const refused = book.judge(ANN)
  assert.deepEqual([refused?.reason, refused?.waitMs], ['day', DAY_MS - 1_000])
  know(book, { ...account, reason: 'balance', period: { ...account.period, limitBytes: 0n } })
  assert.equal(book.judge(ANN)?.reason, 'balance')
})

test('accounting is asked again when what it said is of a time that is over', () => {
  const world = worldOf()
  const { book } = world
  assert.equal(book.isUnknown(ANN, 1_000), true)
  know(book, accountOf(0n, 10n))
  assert.equal(book.isUnknown(ANN, 1_000), false)
  world.nowMs = DAY_MS
  assert.equal(book.isUnknown(ANN, 1_000), false, 'it was asked just now')
  world.monotonicMs += 1_000
  assert.equal(book.isUnknown(ANN, 1_000), true)
  world.nowMs -= DAY_MS
  assert.equal(book.isUnknown(ANN, 1_000), false, 'the clock was set back')
  world.monotonicMs += QUOTA_STALE_MS
  assert.equal(book.isUnknown(ANN, 1_000), true, 'nobody read for long')
})

test('while accounting stands still, so much may be sent and no more', () => {
  const world = worldOf()
  const { book } = world
  know(book, accountOf(0n, 2n ** 60n))
  const send = (lease: string): boolean => {
    if (typeof book.open(ANN, lease, 'p', WINDOW) !== 'number') return false
    book.end(ANN, lease, WINDOW)
    return true
  }
  for (let i = 0; i < 9; i++) assert.equal(send(`a${i}`), true, 'it spoke a moment ago')
  world.monotonicMs += QUOTA_STALE_MS
  assert.equal(send('b'), false)
  assert.equal(book.judge(ANN)?.reason, 'unknown')
  know(book, accountOf(9n * BigInt(WINDOW), 2n ** 60n))
  assert.equal(send('c'), true)
  for (let i = 0; i < 5; i++) assert.equal(send2(i), true, 'nobody ever said anything of it')
  assert.equal(send2(5), false)
  function send2(i: number): boolean {
    if (typeof book.open(NOBODY, `n${i}`, 'p', WINDOW) !== 'number') return false
    book.end(NOBODY, `n${i}`, WINDOW)
    return true
  }
})

test('customers are forgotten when the ledger knows all of them, and no sooner', () => {
  const { book } = worldOf(2)
  book.open('a', '1', 'p', 5)
  book.end('a', '1', 5)
  book.open('b', '2', 'p', 5)
  assert.equal(book.judge('c')?.reason, 'unknown', 'there is no room')
  assert.equal(book.size, 2)
  book.end('b', '2', 0)
  assert.equal(book.judge('c'), undefined)
  assert.equal(book.pendingBytes('a'), 5n)
  assert.equal(book.size, 2)
})

type Step = readonly [what: number, which: number, bytes: number]

/** What there is in truth, beside the book: bodies, journals, a log and its months. */
class Truth {
  readonly world: World = worldOf(10, 2n ** 60n)
  readonly limit: number
  month = 0
  /** Bodies that are open, by holder. */
  bodies: { lease: string; holder: string; sent: number; max: number }[] = []
  /** Entries that are durable, and those that the log has, by month. */
  journal: number[] = []
  readonly log = new Map<number, number>([[0, 0]])
  /** Of a holder that died: what its journal will say once it was recovered. */
  readonly dead = new Map<string, number>()
  round: { stage: number; account: QuotaAccount } | undefined
  settledUsed = 0
  leases = 0

  constructor(limit: number) {
    this.limit = limit
    know(this.world.book, accountOf(0n, BigInt(limit)))
  }

  sequence(): void {
    const bytes = this.journal.reduce((a, b) => a + b, 0)
    this.log.set(this.month, (this.log.get(this.month) ?? 0) + bytes)
    this.journal = []
  }

  /** All bytes that were sent and that this month has to pay for, or will have. */
  get sent(): number {
    const dead = [...this.dead.values()].reduce((a, b) => a + b, 0)
    const open = this.bodies.reduce((sum, body) => sum + body.sent, 0)
    const journal = this.journal.reduce((a, b) => a + b, 0)
    return (this.log.get(this.month) ?? 0) + journal + open + dead
  }

  step([what, which, bytes]: Step): void {
    const { book } = this.world
    const holder = `p${which % 2}`
    const body = this.bodies[which % Math.max(1, this.bodies.length)]
    if (what === 0 && !this.dead.has(holder)) this.#open(holder, bytes)
    else if (what === 1 && body !== undefined) body.sent = Math.min(body.sent + bytes, body.max)
    else if (what === 2 && body !== undefined) this.#extend(body)
    else if (what === 3 && body !== undefined) this.#end(body)
    else if (what === 4) this.sequence()
    else if (what === 5) this.#advanceRound(which % 8 === 0)
    else if (what === 6 && !this.dead.has(holder)) {
      const lost = this.bodies.filter((one) => one.holder === holder)
      this.bodies = this.bodies.filter((one) => one.holder !== holder)
      this.dead.set(
        holder,
        lost.reduce((sum, { sent }) => sum + sent, 0),
      )
      book.lose(holder)
    } else if (what === 7 && this.dead.has(holder)) {
      this.journal.push(this.dead.get(holder)!)
      this.dead.delete(holder)
      book.recovered(holder)
    } else if (what === 8 && which === 0) this.month += 1
  }

  #open(holder: string, bytes: number): void {
    const lease = `${holder}:${this.leases++}`
    const max = this.world.book.open(ANN, lease, holder, bytes)
    if (typeof max === 'number') this.bodies.push({ lease, holder, sent: 0, max })
  }

  #extend(body: Truth['bodies'][number]): void {
    const asked = body.max + WINDOW
    if (this.world.book.extend(ANN, body.lease, body.holder, asked)) body.max = asked
  }

  #end(body: Truth['bodies'][number]): void {
    this.bodies = this.bodies.filter((one) => one !== body)
    this.journal.push(body.sent)
    this.world.book.end(ANN, body.lease, body.sent)
  }

  /** A round goes on by one of its steps at a time; other things happen in between. */
  #advanceRound(fails: boolean): void {
    const { book } = this.world
    if (this.round === undefined) {
      book.begin([ANN])
      this.round = { stage: 0, account: accountOf(0n, BigInt(this.limit)) }
    } else if (fails) this.round = undefined
    else if (this.round.stage === 0) {
      this.sequence()
      const used = BigInt(this.log.get(this.month) ?? 0)
      this.round = { stage: 1, account: accountOf(used, BigInt(this.limit)) }
    } else {
      book.settle(ANN, this.round.account)
      this.settledUsed = Number(this.round.account.period.usedBytes)
      this.round = undefined
    }
  }
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.tuple(
    fc.nat({ max: 8 }),
    fc.nat({ max: 63 }),
    fc.oneof(fc.nat({ max: 50 }), fc.nat({ max: 3 * WINDOW })),
  ),
  { maxLength: 200, size: 'max' },
)

test('it never counts less than was sent, whatever happens in what order', () => {
  const runs = Number(process.env['TURNPIKE_FUZZ_RUNS'] ?? 300)
  fc.assert(
    fc.property(steps, (sequence) => {
      const truth = new Truth(2 ** 52)
      for (const step of sequence) {
        truth.step(step)
        const counted = truth.settledUsed + Number(truth.world.book.pendingBytes(ANN))
        assert.ok(counted >= truth.sent, `${counted} counted, ${truth.sent} sent`)
      }
      // When all is quiet and accounting was asked, it counts exactly that.
      for (const holder of ['p0', 'p1']) truth.step([7, Number(holder[1]), 0])
      while (truth.bodies.length > 0) truth.step([3, 0, 0])
      truth.round = undefined
      for (let i = 0; i < 3; i++) truth.step([5, 1, 0])
      const counted = truth.settledUsed + Number(truth.world.book.pendingBytes(ANN))
      assert.equal(counted, truth.sent)
    }),
    { numRuns: runs },
  )
})

test('a limit is passed by less than a window, by all bodies together', () => {
  const runs = Number(process.env['TURNPIKE_FUZZ_RUNS'] ?? 300)
  fc.assert(
    fc.property(steps, fc.nat({ max: 4 * WINDOW }), (sequence, limit) => {
      const truth = new Truth(limit)
      for (const step of sequence) {
        if (step[0] === 8) continue
        truth.step(step)
        assert.ok(truth.sent < limit + WINDOW || truth.sent === 0)
      }
    }),
    { numRuns: runs },
  )
})

test('the model tells a book that forgets what ended while accounting was asked', () => {
  const truth = new Truth(2 ** 52)
  const { book } = truth.world
  const settle = book.settle.bind(book)
  // As if the answer of accounting took in what ended after the question.
  book.settle = (customer, account) => {
    book.begin([customer])
    settle(customer, account)
  }
  const run: Step[] = [
    [0, 0, 50],
    [1, 0, 50],
    [5, 1, 0],
    [5, 1, 0],
    [3, 0, 0],
    [5, 1, 0],
  ]
  for (const step of run) truth.step(step)
  const counted = truth.settledUsed + Number(book.pendingBytes(ANN))
  assert.ok(counted < truth.sent)
})
