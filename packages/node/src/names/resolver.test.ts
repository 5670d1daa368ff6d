/**
 * Tests of following names, over a real folder and a real router.
 * @module
 */
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { base58btc } from 'multiformats/bases/base58'
import { ipnsNameFromString } from '@turnpike/core/ipns/name'
import { linkToString } from '@turnpike/core/link'
import { PATH_SEGMENTS_MAX } from '@turnpike/core/limits'
import {
  IPNS_RECORD_BYTES_MAX,
  NAME_HOPS_MAX,
  NAME_MISSING_TTL_MS,
  NAME_TIMEOUT_MS,
  ROUTER_LOOKUPS_MAX,
} from '@turnpike/core/limits/names'
import { NameNotFound, NameUnavailable } from '@turnpike/core/ports/names'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail, ok } from '@turnpike/core/result'
import { HttpTransport } from '../origins/transport.ts'
import { openScratch, stillClock } from '../testing/data-folder.ts'
import type { DnsLinks } from '@turnpike/gateway/names/dns-links'
import { mappedNameFromText, withNameMap } from '@turnpike/gateway/names/name-map'
import { publishName, putRecord, type PublishAsked, type PublishContext } from './publish.ts'
import { Records } from './records.ts'
import { Resolver } from '@turnpike/gateway/names/resolver'
import { HttpRouters } from './routers.ts'
import { CatalogNames } from './store.ts'

const { signal } = new AbortController()
const DAY_MS = 86_400_000

/** A clock that is moved by hand. */
class HandClock implements Clock {
  ms = 0
  nowMs = (): number => stillClock.nowMs() + this.ms
  monotonicMs = (): number => this.ms
}

/** DNSLinks as a table has them: `undefined` for a server that fails. */
function dnsLinksOf(table: Readonly<Record<string, string | undefined>>, ttlMs?: number): DnsLinks {
  return {
    async lookup(host) {
      if (!Object.hasOwn(table, host)) return fail(new NameNotFound(host, `no ${host}`))
      const path = table[host]
      if (path === undefined) return fail(new NameUnavailable(host, `${host} fails`))
      return ok({ path, ttlMs })
    },
  }
}

interface World {
  readonly clock: HandClock
  readonly context: PublishContext
  readonly names: CatalogNames
  resolver(dnsLinks?: DnsLinks, routers?: HttpRouters): Resolver
  /** Publishes and says the name. */
  publish(asked: Partial<PublishAsked>): Promise<string>
}

async function open(t: TestContext): Promise<World> {
  const clock = new HandClock()
  const { folder } = await openScratch(t)
  const context = { folder, clock }
  const names = new CatalogNames(folder.catalog, clock)
  return {
    clock,
    context,
    names,
    resolver(dnsLinks = dnsLinksOf({}), routers) {
      const more = routers === undefined ? {} : { routers }
      const records = new Records({ names, clock, ttlMsMax: DAY_MS, ...more })
      return new Resolver({ records, dnsLinks, clock })
    },
    async publish(asked) {
      const done = await publishName(context, { path: '/ipfs/bafkqaaa', key: 'a', ...asked })
      if (done.error) throw done.error
      return done.ok.name
    },
  }
}

/** What a name leads to, as text. */
async function told(resolver: Resolver, name: string): Promise<string> {
  const target = await resolver.resolve(name, signal)
  if (target.error) return target.error.name
  const { root, segments, ttlMs } = target.ok
  return [linkToString(root), ...segments, `for ${ttlMs}`].join(' ')
}

test('an IPNS name leads to content in any of its forms, over its sub-path', async (t) => {
  const { resolver, publish } = await open(t)
  const name = await publish({ path: '/ipfs/bafkqaaa/a b/c', ttlMs: 5000 })
  assert.equal(await told(resolver(), name), 'bafkqaaa a b c for 5000')
  const { multihash } = ipnsNameFromString(name)!
  const peerId = base58btc.encode(multihash).slice(1)
  assert.match(peerId, /^12D3KooW/)
  assert.equal(await told(resolver(), peerId), 'bafkqaaa a b c for 5000')
})

test('names lead on over names; the least TTL counts, and sub-paths add up', async (t) => {
  const { resolver, publish } = await open(t)
  const first = await publish({ path: '/ipfs/bafkqaaa/a', ttlMs: 9000 })
  const second = await publish({ key: 'b', path: `/ipns/${first}/b`, ttlMs: 90_000 })
  const dnsLinks = dnsLinksOf({
    'x.example': `/ipns/${second}/c`,
    'y.example': '/ipns/X.example./d',
  })
  assert.equal(await told(resolver(dnsLinks), 'y.example'), 'bafkqaaa a b c d for 9000')
  const short = dnsLinksOf({ 'x.example': `/ipns/${second}` }, 1000)
  assert.equal(await told(resolver(short), 'X.EXAMPLE.'), 'bafkqaaa a b for 1000')
  assert.equal(
    await told(resolver(dnsLinksOf({ 'z.example': '/ipfs/bafkqaaa' })), 'z.example'),
    'bafkqaaa for undefined',
  )
})

test('a TTL is no longer than the record holds, nor than the operator lets it', async (t) => {
  const { resolver, publish, clock } = await open(t)
  const name = await publish({ ttlMs: 60_000, lifetimeMs: 100_000 })
  const long = await publish({ key: 'b', ttlMs: 9 * DAY_MS, lifetimeMs: 99 * DAY_MS })
  assert.equal(await told(resolver(), long), `bafkqaaa for ${DAY_MS}`)
  clock.ms = 90_000
  assert.equal(await told(resolver(), name), 'bafkqaaa for 10000')
  clock.ms = 100_000
  assert.equal(await told(resolver(), name), 'NameInvalid')
})

test('what is published is seen at once', async (t) => {
  const { resolver, publish } = await open(t)
  const kept = resolver()
  const name = await publish({ path: '/ipfs/bafkqaaa/1' })
  assert.equal(await told(kept, name), 'bafkqaaa 1 for 300000')
  await publish({ path: '/ipfs/bafkqaaa/2' })
  assert.equal(await told(kept, name), 'bafkqaaa 2 for 300000')
})

test('what leads nowhere says why', async (t) => {
  const { resolver, publish, context, names } = await open(t)
  const name = await publish({})
  const { multihash } = ipnsNameFromString(name)!
  const broken = new Uint8Array(names.get(multihash)!)
  broken[5]! ^= 1
  const other = await open(t)
  await putRecord({ ...context, folder: other.context.folder }, multihash, broken, true)
  const bad = other.resolver(
    dnsLinksOf({ 'fails.example': undefined, 'odd.example': '/ipns/..', 'no.example': 'x' }),
  )
  assert.equal(await told(bad, name), 'NameInvalid')
  assert.equal(await told(bad, await (await open(t)).publish({})), 'NameNotFound')
  assert.equal(await told(bad, 'none.example'), 'NameNotFound')
  assert.equal(await told(bad, 'no name at all'), 'NameNotFound')
  assert.equal(await told(bad, 'fails.example'), 'NameUnavailable')
  assert.equal(await told(bad, 'odd.example'), 'NameInvalid')
  assert.equal(await told(bad, 'no.example'), 'NameInvalid')
  assert.equal(await bad.hasDnsLink('odd.example', signal), true)
  assert.equal(await bad.hasDnsLink('none.example', signal), false)
  assert.equal(await bad.hasDnsLink('a b', signal), false)
  const on = resolver(dnsLinksOf({ 'a.example': '/ipns/!', 'b.example': `/ipns/${name}` }))
  assert.equal(await told(on, 'a.example'), 'NameInvalid')
  assert.equal(await told(on, 'b.example'), 'bafkqaaa for 300000')
})

test('names in a circle end, and chains at their bound', async (t) => {
  const { resolver } = await open(t)
  const table: Record<string, string> = {
    'a.example': '/ipns/b.example',
    'b.example': '/ipns/A.example/x',
  }
  for (let i = 0; i < NAME_HOPS_MAX; i++) table[`n${i}.example`] = `/ipns/n${i + 1}.example`
  table[`n${NAME_HOPS_MAX}.example`] = '/ipfs/bafkqaaa'
  table['long.example'] = `/ipns/half.example${'/a'.repeat(PATH_SEGMENTS_MAX - 1)}`
  table['longer.example'] = `/ipns/half.example${'/a'.repeat(PATH_SEGMENTS_MAX)}`
  table['half.example'] = '/ipfs/bafkqaaa/b'
  const names = resolver(dnsLinksOf(table))
  assert.equal(await told(names, 'a.example'), 'NameTooDeep')
  assert.equal(await told(names, 'n1.example'), 'bafkqaaa for undefined')
  assert.equal(await told(names, 'n0.example'), 'NameTooDeep')
  assert.match(await told(names, 'long.example'), /^bafkqaaa b a a/)
  assert.equal(await told(names, 'longer.example'), 'NameInvalid')
})

test('following names ends in time', async (t) => {
  const { resolver, clock } = await open(t)
  const links = dnsLinksOf({ 'a.example': '/ipns/b.example', 'b.example': '/ipfs/bafkqaaa' })
  const slow = (ms: number): DnsLinks => ({
    lookup(host, stop) {
      clock.ms += ms
      return links.lookup(host, stop)
    },
  })
  assert.match(await told(resolver(slow(NAME_TIMEOUT_MS)), 'a.example'), /^bafkqaaa/)
  assert.equal(await told(resolver(slow(NAME_TIMEOUT_MS + 1)), 'a.example'), 'NameUnavailable')
})

test('a map wins over DNS, and what it lacks is asked of DNS', async (t) => {
  const { resolver } = await open(t)
  const mapped = mappedNameFromText('A.example=/ipfs/bafkqaaa/m')!
  const dnsLinks = dnsLinksOf(
    { 'a.example': '/ipfs/bafkqaaa/dns', 'b.example': '/ipfs/bafkqaaa' },
    7,
  )
  const names = resolver(withNameMap([mapped], dnsLinks))
  assert.equal(await told(names, 'a.example'), 'bafkqaaa m for undefined')
  assert.equal(await told(names, 'b.example'), 'bafkqaaa for 7')
  assert.deepEqual(mappedNameFromText('h.example:/ipns/k.example'), {
    host: 'h.example',
    path: '/ipns/k.example',
  })
  for (const text of [
    '',
    'a.example',
    'a.example=',
    '=/ipfs/bafkqaaa',
    'a.example=/ipfs/x',
    'a b=/ipfs/bafkqaaa',
    'a.example=ipfs/bafkqaaa',
  ])
    assert.equal(mappedNameFromText(text), undefined, text)
})

/** A router: what it answers by path, and how often it was asked. */
interface Router {
  readonly url: string
  readonly asked: string[]
  answer: { status: number; body: Uint8Array; waitMs?: number }
}

async function startRouter(t: TestContext): Promise<Router> {
  const router: { -readonly [K in keyof Router]: Router[K] } = {
    url: '',
    asked: [],
    answer: { status: 404, body: new Uint8Array() },
  }
  const server: Server = createServer(async (request, response) => {
    router.asked.push(`${request.url} ${request.headers.accept}`)
    const { status, body, waitMs = 0 } = router.answer
    await sleep(waitMs)
    response.writeHead(status).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  router.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`
  return router
}

function routersOf(t: TestContext, world: World, ...routers: Router[]): HttpRouters {
  const transport = new HttpTransport({ allowPrivate: true })
  t.after(() => transport.close())
  const urls = routers.map(({ url }) => url)
  return new HttpRouters({ urls, transport, clock: world.clock, ttlMsMax: DAY_MS })
}

test('routers are asked for names that are not published here', async (t) => {
  const [here, there] = [await open(t), await open(t)]
  const [first, second] = [await startRouter(t), await startRouter(t)]
  const name = await there.publish({ path: '/ipfs/bafkqaaa/r', ttlMs: 30_000 })
  const { multihash } = ipnsNameFromString(name)!
  second.answer = { status: 200, body: there.names.get(multihash)! }
  const resolver = here.resolver(undefined, routersOf(t, here, first, second))
  assert.equal(await told(resolver, name), 'bafkqaaa r for 30000')
  const line = `/api/routing/v1/ipns/${name} application/vnd.ipfs.ipns-record`
  assert.deepEqual([first.asked, second.asked], [[line], [line]])
  here.clock.ms = 10_000
  assert.equal(await told(resolver, name), 'bafkqaaa r for 20000')
  assert.equal(second.asked.length, 1)
  here.clock.ms = 30_000
  second.answer = { status: 500, body: new Uint8Array() }
  assert.equal(await told(resolver, name), `bafkqaaa r for ${NAME_MISSING_TTL_MS}`)
  assert.equal(second.asked.length, 2)
  const own = await here.publish({})
  assert.equal(await told(resolver, own), 'bafkqaaa for 300000')
  assert.equal(second.asked.length, 2)
})

test('of a record here and one of a router the newer counts', async (t) => {
  const [here, there] = [await open(t), await open(t)]
  const router = await startRouter(t)
  const name = await there.publish({ path: '/ipfs/bafkqaaa/1' })
  const { multihash } = ipnsNameFromString(name)!
  const older = there.names.get(multihash)!
  await there.publish({ path: '/ipfs/bafkqaaa/2' })
  const newer = there.names.get(multihash)!
  await putRecord(here.context, multihash, older, false)
  router.answer = { status: 200, body: newer }
  assert.match(
    await told(here.resolver(undefined, routersOf(t, here, router)), name),
    /^bafkqaaa 2/,
  )
  await putRecord(here.context, multihash, newer, false)
  router.answer = { status: 200, body: older }
  assert.match(
    await told(here.resolver(undefined, routersOf(t, here, router)), name),
    /^bafkqaaa 2/,
  )
  router.answer = { status: 500, body: older }
  assert.match(
    await told(here.resolver(undefined, routersOf(t, here, router)), name),
    /^bafkqaaa 2/,
  )
})

test('what routers say counts when it is signed, and failures are told apart', async (t) => {
  const [here, there] = [await open(t), await open(t)]
  const router = await startRouter(t)
  const name = await there.publish({})
  const record = there.names.get(ipnsNameFromString(name)!.multihash)!
  const broken = new Uint8Array(record)
  broken[5]! ^= 1
  const cases: [Router['answer'], string][] = [
    [{ status: 404, body: record }, 'NameNotFound'],
    [{ status: 200, body: broken }, 'NameNotFound'],
    [{ status: 200, body: new Uint8Array(IPNS_RECORD_BYTES_MAX + 1) }, 'NameUnavailable'],
    [{ status: 302, body: record }, 'NameUnavailable'],
    [{ status: 200, body: record }, 'bafkqaaa for 300000'],
  ]
  for (const [answer, outcome] of cases) {
    router.answer = answer
    assert.equal(await told(here.resolver(undefined, routersOf(t, here, router)), name), outcome)
  }
  const untouched = here.resolver(undefined, routersOf(t, here, router))
  router.answer = { status: 404, body: record }
  for (const ms of [0, NAME_MISSING_TTL_MS - 1]) {
    here.clock.ms = ms
    assert.equal(await told(untouched, name), 'NameNotFound')
  }
  assert.equal(router.asked.length, cases.length + 1)
  here.clock.ms = NAME_MISSING_TTL_MS
  router.answer = { status: 200, body: record }
  assert.match(await told(untouched, name), /^bafkqaaa/)
})

test('a look-up is shared, ends for who leaves, and there are only so many', async (t) => {
  const [here, there] = [await open(t), await open(t)]
  const router = await startRouter(t)
  const name = await there.publish({})
  const { multihash } = ipnsNameFromString(name)!
  router.answer = { status: 200, body: there.names.get(multihash)!, waitMs: 200 }
  const routers = routersOf(t, here, router)
  const leaving = new AbortController()
  const left = routers.find(multihash, leaving.signal)
  const stays = Array.from({ length: 5 }, () => routers.find(multihash, signal))
  leaving.abort()
  assert.equal((await left).error?.name, 'NameUnavailable')
  for (const found of await Promise.all(stays)) assert.ok(found.ok)
  assert.equal(router.asked.length, 1)
  const others = Array.from({ length: ROUTER_LOOKUPS_MAX + 1 }, (_, i) =>
    routers.find(new Uint8Array([0, 1, i]), signal),
  )
  const refused = await others.at(-1)!
  assert.match(refused.error!.message, /fewer than 64 look-ups/)
  routers.close()
  await Promise.all(others)
})
