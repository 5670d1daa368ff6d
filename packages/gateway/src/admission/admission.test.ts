import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { decodeEntry } from '@turnpike/core/log/decode'
import { DENY, type ReadEntry } from '@turnpike/core/log/entry'
import type { Journal } from '@turnpike/core/ports/journal'
import { silentObserver } from '../observer.ts'
import { drain, hasher } from '../testing/world.ts'
import { Refusals } from './refusals.ts'
import { RequestLimits } from './request-limits.ts'

/** A clock and a timer that go on when told to, and a journal that may be full. */
class Bench implements Journal {
  nowMs = 1000
  full = false
  readonly reads: ReadEntry[] = []
  readonly observed: ReadEntry[] = []
  #waiting: { atMs: number; call: () => void } | undefined
  readonly clock = { nowMs: () => this.nowMs, monotonicMs: () => this.nowMs }
  readonly refusals: Refusals

  constructor() {
    this.refusals = new Refusals({
      journal: this,
      observer: { ...silentObserver, read: (entry) => this.observed.push(entry) },
      clock: this.clock,
      timer: { after: (delayMs, call) => this.#after(delayMs, call) },
      random: { bytes: (length) => randomBytes(length) },
      hasher,
      provider: 'did:key:gateway',
      region: 'test',
    })
  }

  get isWaiting(): boolean {
    return this.#waiting !== undefined
  }

  admit(): ReturnType<Journal['admit']> {
    if (this.full) return undefined
    const end = (entries: readonly Uint8Array[]): void => {
      for (const bytes of entries) {
        const { ok } = decodeEntry(bytes)
        if (ok?.kind === 'read') this.reads.push(ok.entry)
      }
    }
    return { start() {}, mark() {}, end }
  }

  pass(ms: number): void {
    this.nowMs += ms
    const due = this.#waiting
    if (due === undefined || due.atMs > this.nowMs) return
    this.#waiting = undefined
    due.call()
  }

  #after(delayMs: number, call: () => void): () => void {
    assert.equal(this.#waiting, undefined, 'one timer at a time')
    const waiting = { atMs: this.nowMs + delayMs, call }
    this.#waiting = waiting
    return () => {
      if (this.#waiting === waiting) this.#waiting = undefined
    }
  }
}

test('a flood of refusals is one entry of each kind a second, with its count', () => {
  const bench = new Bench()
  for (let i = 0; i < 1000; i++) bench.refusals.answer('load', 60_000)
  bench.pass(400)
  for (let i = 0; i < 70; i++) bench.refusals.answer('address', 1)
  assert.equal(bench.reads.length, 0)
  bench.pass(600)
  const told = bench.reads.map(({ deny, count, started, ts }) => [deny, count, started, ts])
  assert.deepEqual(told, [
    [DENY.policy, 1000, 1000, 2000],
    [DENY.address, 70, 1400, 2000],
  ])
  const [entry] = bench.reads
  assert.deepEqual(
    [entry!.status, entry!.bytes, entry!.flags, entry!.space, entry!.cid],
    [429, 0n, 0, 'did:key:gateway', null],
  )
  assert.deepEqual(
    bench.observed.map(({ count }) => count),
    [1000, 70],
  )
  bench.pass(5000)
  assert.equal(bench.reads.length, 2)
  assert.equal(bench.isWaiting, false)
  bench.refusals.answer('load', 60_000)
  bench.pass(1000)
  assert.equal(bench.reads[2]!.count, 1)
})

test('a refusal says when to come again, is kept nowhere, and leads to no entry', async () => {
  const bench = new Bench()
  for (const [kind, waitMs, seconds] of [
    ['load', 60_000, '60'],
    ['address', 1, '1'],
    ['identity', 2001, '3'],
  ] as const) {
    const got = await drain(bench.refusals.answer(kind, waitMs))
    assert.equal(got.status, 429)
    assert.equal(got.headers.get('retry-after'), seconds)
    assert.equal(got.headers.get('cache-control'), 'no-store')
    assert.equal(got.headers.get('access-control-allow-origin'), '*')
    assert.match(got.headers.get('x-receipt-id')!, /^[0-9a-f]{32}$/)
    assert.ok(got.body.length > 0)
  }
  bench.refusals.flush()
  assert.deepEqual(
    bench.reads.map(({ deny }) => deny),
    [DENY.policy, DENY.address, DENY.identity],
  )
})

test('without room in the journal the count goes on until there is some', () => {
  const bench = new Bench()
  bench.full = true
  bench.refusals.answer('load', 60_000)
  bench.pass(1000)
  bench.refusals.answer('load', 60_000)
  bench.pass(1000)
  assert.deepEqual([bench.reads.length, bench.isWaiting], [0, true])
  bench.full = false
  bench.pass(1000)
  assert.deepEqual(
    bench.reads.map(({ count }) => count),
    [2],
  )
  assert.equal(bench.isWaiting, false)
})

test('closing records what is pending and leaves no timer', () => {
  const bench = new Bench()
  bench.refusals.answer('address', 1)
  bench.refusals.close()
  assert.deepEqual([bench.reads.length, bench.isWaiting], [1, false])
  bench.full = true
  bench.refusals.answer('address', 1)
  bench.refusals.close()
  assert.deepEqual([bench.reads.length, bench.isWaiting], [1, false])
})

test('addresses are looked at first, and only where they are limited', async () => {
  const bench = new Bench()
  const { refusals } = bench
  const never = (): string => assert.fail('not to be asked')
  const byLoad = new RequestLimits({ refusals, requestsMax: 2 })
  assert.equal(byLoad.refusalOf(1, never), undefined)
  assert.equal((await byLoad.refusalOf(2, never))!.status, 429)
  for (const later of [false, true]) {
    const waits = [0, 1500, 0, 1500]
    const take = (key: string): number | Promise<number> => {
      assert.equal(key, 'a')
      return later ? Promise.resolve(waits.shift()!) : waits.shift()!
    }
    const byAddress = new RequestLimits({ refusals, requestsMax: 2, addresses: { take } })
    assert.equal(await byAddress.refusalOf(0, () => 'a'), undefined)
    const got = await drain((await byAddress.refusalOf(0, () => 'a'))!)
    assert.deepEqual([got.status, got.headers.get('retry-after')], [429, '2'])
    refusals.flush()
    assert.equal((await byAddress.refusalOf(2, () => 'a'))!.status, 429)
    assert.equal((await byAddress.refusalOf(1, () => 'a'))!.status, 429)
    refusals.flush()
  }
  assert.deepEqual(
    bench.reads.map(({ deny, count }) => [deny, count]),
    [
      [DENY.policy, 1],
      [DENY.address, 1],
      [DENY.policy, 1],
      [DENY.address, 1],
      [DENY.address, 1],
      [DENY.policy, 1],
      [DENY.address, 1],
    ],
  )
})
