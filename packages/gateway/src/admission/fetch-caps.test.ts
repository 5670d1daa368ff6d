import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { linkToString } from '@turnpike/core/link'
import { OriginFault } from '@turnpike/core/ports/blob'
import { PROFILES } from '@turnpike/core/unixfs/profile'
import { createGateway } from '../gateway.ts'
import type { Gateway } from '../types.ts'
import { alice, bob, drain, fileBlocks, type Got, World } from '../testing/world.ts'
import { FetchCaps, type FetchedRow } from './fetch-caps.ts'

const DAY_MS = 86_400_000

/** Books in memory, and a clock that steps anywhere. */
class Books {
  wallMs = 0
  passedMs = 0
  readonly bytes = new Map<string, bigint>()
  readonly clock = { nowMs: () => this.wallMs, monotonicMs: () => this.passedMs }
  readonly totals = { of: (day: number, key: string) => this.bytes.get(`${day} ${key}`) ?? 0n }

  caps(spaceBytesMax?: bigint, originBytesMax?: bigint, keysMax?: number): FetchCaps {
    const { clock, totals } = this
    const bounds = { spaceBytesMax, originBytesMax }
    return new FetchCaps({ clock, totals, ...bounds, ...(keysMax && { keysMax }) })
  }

  write(rows: readonly FetchedRow[]): void {
    for (const { day, key, bytes } of rows)
      this.bytes.set(`${day} ${key}`, this.totals.of(day, key) + bytes)
  }
}

test('each day has its cap for each space and origin, in one process as in a model', () => {
  const fetch = fc.record({ space: fc.nat(2), origin: fc.nat(2), bytes: fc.nat(60) })
  const step = fc.oneof(
    { weight: 6, arbitrary: fetch },
    {
      weight: 1,
      arbitrary: fc.record({ stepMs: fc.integer({ min: -2 * DAY_MS, max: 2 * DAY_MS }) }),
    },
    { weight: 2, arbitrary: fc.record({ report: fc.constantFrom('written', 'lost', 'restart') }) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const books = new Books()
      let caps = books.caps(100n, 150n)
      const model = new Map<string, bigint>()
      const of = (id: string): bigint => model.get(id) ?? 0n
      for (const one of steps) {
        if ('stepMs' in one) books.wallMs = Math.max(0, books.wallMs + one.stepMs)
        else if ('report' in one) {
          const rows = caps.collect()
          if (one.report !== 'lost') books.write(rows)
          caps.settled(one.report !== 'lost')
          // A process that stops well has put all on the books.
          if (one.report === 'restart') caps = books.caps(100n, 150n)
        } else {
          const day = Math.floor(books.wallMs / DAY_MS)
          const [space, origin] = [`${day} s${one.space}`, `${day} o${one.origin}`]
          const reached = caps.reached(`s${one.space}`, `o${one.origin}`)
          const expected = of(space) >= 100n ? 'space' : of(origin) >= 150n ? 'origin' : undefined
          assert.equal(reached?.capped, expected)
          if (reached !== undefined) {
            assert.equal((books.wallMs + reached.waitMs) % DAY_MS, 0)
            continue
          }
          caps.fetched(`s${one.space}`, `o${one.origin}`, one.bytes)
          model.set(space, of(space) + BigInt(one.bytes))
          model.set(origin, of(origin) + BigInt(one.bytes))
        }
      }
    }),
  )
})

test('what other processes put on the books counts within a second', () => {
  const books = new Books()
  const [one, other] = [books.caps(100n), books.caps(100n)]
  assert.equal(other.reached('s', 'o'), undefined)
  one.fetched('s', 'o', 100)
  assert.equal(one.reached('s', 'o')!.capped, 'space')
  books.write(one.collect())
  assert.deepEqual(one.collect(), [], 'one report at a time')
  one.settled(true)
  assert.equal(one.reached('s', 'o')!.capped, 'space')
  assert.equal(other.reached('s', 'o'), undefined)
  books.passedMs += 1000
  assert.equal(other.reached('s', 'o')!.capped, 'space')
  assert.equal(other.reached('t', 'o'), undefined)
})

test('nothing is counted without a cap, and beyond so many keys they share a count', () => {
  const books = new Books()
  const off = books.caps()
  off.fetched('s', 'o', 5)
  assert.deepEqual(off.collect(), [])
  const caps = books.caps(100n, undefined, 2)
  for (const space of ['a', 'b', 'c', 'd', 'a']) caps.fetched(space, 'o', 5)
  assert.deepEqual(
    caps.collect().map(({ key, bytes }) => [key, bytes]),
    [
      ['space a', 10n],
      ['space b', 5n],
      ['', 10n],
    ],
  )
})

const CONTENT = new Uint8Array(3_000_000).map((_, at) => at >> 7)
const profile = PROFILES['unixfs-v1-2025']

interface Capped {
  readonly world: World
  readonly books: Books
  get(url: string): Promise<Got>
}

/** A gateway with caps over one file of 3 MB at some sites. */
function capped(
  caps: (books: Books) => FetchCaps,
  urls: readonly string[],
): Capped & { url: string } {
  const world = new World()
  const { root, blocks } = fileBlocks(profile, CONTENT)
  world.put(alice, blocks, urls)
  const books = new Books()
  const gateway: Gateway = createGateway(world.deps({ fetchCaps: caps(books) }))
  const get = async (url: string): Promise<Got> => drain(await gateway.handle(new Request(url)))
  return { world, books, get, url: `http://gateway.example/ipfs/${linkToString(root.link)}` }
}

test('beyond a space’s cap cold content is 503 until the next day, warm is served', async () => {
  const { world, books, get, url } = capped((b) => b.caps(3_000_000n), ['https://a.example'])
  books.wallMs = DAY_MS - 90_500
  const whole = await get(url)
  assert.deepEqual([whole.status, whole.body.length, whole.broken], [200, 3_000_000, false])
  const small = fileBlocks(profile, Uint8Array.of(1, 2, 3))
  const mine = {
    other: fileBlocks(profile, Uint8Array.of(4)),
    theirs: fileBlocks(profile, Uint8Array.of(5)),
  }
  world.put(alice, small.blocks, ['https://b.example'])
  world.put(alice, mine.other.blocks)
  world.put(bob, mine.theirs.blocks, ['https://a.example'])
  const at = (root: { link: typeof small.root.link }): string =>
    `http://gateway.example/ipfs/${linkToString(root.link)}`
  const refused = await get(at(small.root))
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '91'])
  assert.match(Buffer.from(refused.body).toString(), /the space of this content had as much/)
  assert.equal((await get(at(mine.other.root))).status, 200, 'from our own store')
  assert.equal((await get(at(mine.theirs.root))).status, 200, 'of another space')
  assert.equal((await get(`${url}?format=raw`)).status, 200, 'kept in memory')
  const asked = world.opened.length
  await get(at(small.root))
  assert.equal(world.opened.length, asked, 'no origin is asked')
  assert.deepEqual(world.reads.at(-1)!.status, 503)
  books.wallMs += 90_500
  assert.equal((await get(at(small.root))).status, 200)
})

test('a space beyond its cap is not helped out on the bill of another', async () => {
  const { world, books, get, url } = capped((b) => b.caps(1000n), ['https://a.example'])
  const same = fileBlocks(profile, CONTENT)
  world.put(bob, same.blocks)
  books.write([{ day: 0, key: `space ${alice}`, bytes: 1000n }])
  assert.equal((await get(url)).status, 503)
  assert.deepEqual([world.reads[0]!.space, world.opened.length], [alice, 0])
  world.granted.delete(alice)
  world.tick(1000)
  assert.equal((await get(url)).status, 200)
})

test('an origin beyond its cap is left for another, and has not failed', async () => {
  const sites = ['https://a.example', 'https://b.example']
  const { world, books, get, url } = capped((b) => b.caps(undefined, 1_000_000n), sites)
  books.write([{ day: 0, key: 'origin https://a.example', bytes: 1_000_000n }])
  const first = await get(`${url}?format=raw`)
  assert.equal(first.status, 200)
  assert.deepEqual(new Set(world.opened.map((one) => one.url)), new Set(['https://b.example']))
  assert.deepEqual(
    world.fetches.map(({ provider, failed }) => [provider, failed]),
    [['https://b.example', 0]],
  )
})

test('a body that comes to a cap is broken, never ended', async () => {
  const { get, url } = capped((b) => b.caps(1_000_000n), ['https://a.example'])
  const got = await get(url)
  assert.deepEqual([got.status, got.broken], [200, true])
  assert.ok(got.body.length >= 1_000_000, `${got.body.length}`)
  assert.deepEqual(Buffer.from(got.body), Buffer.from(CONTENT.subarray(0, got.body.length)))
})

test('bytes that are asked for count, whether they come, are right, or not', async () => {
  let caps!: FetchCaps
  const make = (b: Books): FetchCaps => (caps = b.caps(4_000_000n))
  const { world, books, get, url } = capped(make, ['https://a.example'])
  world.onFill = (site) => new OriginFault('OriginTimeout', site, 'slow')
  assert.equal((await get(url)).status, 504)
  const total = (): bigint => {
    books.write(caps.collect())
    caps.settled(true)
    return books.totals.of(0, `space ${alice}`)
  }
  const late = total()
  assert.ok(late > 0n)
  world.onFill = () => undefined
  world.flip = { position: 3_000_200, mask: 1 }
  world.tick(100_000)
  assert.equal((await get(url)).status, 502)
  assert.ok(total() > late)
})
