import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  DNS_FAILURE_TTL_MS,
  DNS_HOSTS_KEPT_MAX,
  DNS_LOOKUPS_MAX,
  DNS_NEGATIVE_TTL_MS_MAX,
  DNS_STALE_MS_MAX,
  DNS_TTL_MS_MIN,
} from '@turnpike/core/limits/names'
import { code, nothing, silence, startTestDns, texts, type TestDns } from '../../testing/dns.ts'
import { askServers } from './ask.ts'
import { KeptDnsLinks } from './keep.ts'

const HOST = 'www.example.org'
const RECORD = `_dnslink.${HOST}`

/** Look-ups at a real server, on a clock that stands until it is moved. */
class Rig {
  readonly dns: TestDns
  readonly links: KeptDnsLinks
  #nowMs = 1_000_000

  constructor(t: TestContext, dns: TestDns, ttlMsMax: number | undefined) {
    this.dns = dns
    const clock = { nowMs: () => 0, monotonicMs: () => this.#nowMs }
    const ask = askServers(() => [dns.server])
    this.links = new KeptDnsLinks({ ask, clock, ...(ttlMsMax !== undefined && { ttlMsMax }) })
    t.after(() => {
      this.links.close()
      dns.close()
    })
  }

  pass(ms: number): void {
    this.#nowMs += ms
  }

  /** Path and TTL, or the name of the error; and how many queries it took. */
  async look(host = HOST): Promise<readonly unknown[]> {
    const before = this.dns.queries.length
    const { ok: link, error } = await this.links.lookup(host, new AbortController().signal)
    const queries = this.dns.queries.length - before
    return link === undefined ? [error!.name, queries] : [link.path, link.ttlMs, queries]
  }
}

async function rig(t: TestContext, ttlMsMax?: number): Promise<Rig> {
  return new Rig(t, await startTestDns(), ttlMsMax)
}

test('a DNSLink is kept for its TTL, and the rest of it is told', async (t) => {
  const r = await rig(t)
  r.dns.zone.set(RECORD, texts(60, 'dnslink=/ipns/a.b'))
  assert.deepEqual(await r.look(), ['/ipns/a.b', 60_000, 1])
  r.pass(59_999)
  r.dns.zone.set(RECORD, texts(60, 'dnslink=/ipns/c.d'))
  assert.deepEqual(await r.look('WWW.example.org.'), ['/ipns/a.b', 1, 0])
  r.pass(1)
  assert.deepEqual(await r.look(), ['/ipns/c.d', 60_000, 1])
})

test('TTLs have a floor, and a ceiling that is a setting', async (t) => {
  const r = await rig(t, 30_000)
  r.dns.zone.set(RECORD, texts(0, 'dnslink=/ipns/a.b'))
  assert.deepEqual(await r.look(), ['/ipns/a.b', DNS_TTL_MS_MIN, 1])
  r.pass(DNS_TTL_MS_MIN)
  r.dns.zone.set(RECORD, texts(31, 'dnslink=/ipns/a.b'))
  assert.deepEqual(await r.look(), ['/ipns/a.b', 30_000, 1])
})

test('that there is none is kept as the SOA says, not beyond the bound', async (t) => {
  const r = await rig(t)
  for (const [minimumS, keptMs] of [
    [20, 20_000],
    [0, DNS_TTL_MS_MIN],
    [86_400, DNS_NEGATIVE_TTL_MS_MAX],
  ] as const) {
    for (const name of [RECORD, HOST]) r.dns.zone.set(name, nothing(minimumS))
    assert.deepEqual(await r.look(), ['NameNotFound', 2])
    r.pass(keptMs - 1)
    assert.deepEqual(await r.look(), ['NameNotFound', 0])
    r.pass(1)
  }
  assert.deepEqual(await r.look(), ['NameNotFound', 2])
})

test('a failure is kept for a few seconds', async (t) => {
  const r = await rig(t)
  r.dns.zone.set(RECORD, code(2))
  assert.deepEqual(await r.look(), ['NameUnavailable', 1])
  r.pass(DNS_FAILURE_TTL_MS - 1)
  assert.deepEqual(await r.look(), ['NameUnavailable', 0])
  r.pass(1)
  assert.deepEqual(await r.look(), ['NameUnavailable', 1])
})

test('an expired DNSLink is used while DNS fails, for a bounded time', async (t) => {
  const r = await rig(t)
  r.dns.zone.set(RECORD, texts(60, 'dnslink=/ipns/a.b'))
  await r.look()
  r.pass(60_000)
  r.dns.zone.set(RECORD, code(2))
  assert.deepEqual(await r.look(), ['/ipns/a.b', DNS_FAILURE_TTL_MS, 1])
  r.pass(DNS_FAILURE_TTL_MS - 1)
  assert.deepEqual(await r.look(), ['/ipns/a.b', 1, 0])
  r.pass(DNS_STALE_MS_MAX - DNS_FAILURE_TTL_MS)
  assert.deepEqual(await r.look(), ['/ipns/a.b', DNS_FAILURE_TTL_MS, 1])
  r.pass(DNS_FAILURE_TTL_MS)
  assert.deepEqual(await r.look(), ['NameUnavailable', 1])
})

test('a DNSLink that was removed, or became malformed, is not used on', async (t) => {
  const r = await rig(t)
  for (const [script, error] of [
    [nothing(1), 'NameNotFound'],
    [texts(1, 'dnslink=/ipfs/x'), 'NameInvalid'],
  ] as const) {
    r.dns.zone.set(RECORD, texts(60, 'dnslink=/ipns/a.b'))
    assert.equal((await r.look())[0], '/ipns/a.b')
    r.pass(60_000)
    r.dns.zone.set(RECORD, script)
    assert.equal((await r.look())[0], error)
    r.pass(60_000)
    r.dns.zone.set(RECORD, code(2))
    assert.equal((await r.look())[0], 'NameUnavailable')
    r.pass(60_000)
  }
})

test('many who ask at once share one look-up, and one that leaves does not end it', async (t) => {
  const r = await rig(t)
  r.dns.zone.set(RECORD, texts(60, 'dnslink=/ipns/a.b'))
  const leaving = new AbortController()
  const left = r.links.lookup(HOST, leaving.signal)
  const others = Array.from({ length: 20 }, () => r.look())
  leaving.abort()
  assert.equal((await left).error?.name, 'NameUnavailable')
  for (const [path] of await Promise.all(others)) assert.equal(path, '/ipns/a.b')
  const gone = await r.links.lookup('other.example.org', AbortSignal.abort())
  assert.equal(gone.error?.name, 'NameUnavailable')
  assert.equal(r.dns.queries.length, 1, 'nothing is asked for a reader that is gone')
})

test('look-ups at once end at their bound; beyond it what is kept still answers', async (t) => {
  const r = await rig(t)
  r.dns.zone.set(RECORD, texts(60, 'dnslink=/ipns/a.b'))
  await r.look()
  const flood = Array.from({ length: DNS_LOOKUPS_MAX }, (_, i) => {
    r.dns.zone.set(`_dnslink.h${i}.example.org`, silence)
    return r.links.lookup(`h${i}.example.org`, new AbortController().signal)
  })
  const startMs = performance.now()
  assert.deepEqual(await r.look('one-more.example.org'), ['NameUnavailable', 0])
  assert.equal((await r.look())[0], '/ipns/a.b')
  r.pass(60_000)
  assert.deepEqual((await r.look()).slice(0, 2), ['/ipns/a.b', DNS_FAILURE_TTL_MS])
  assert.ok(performance.now() - startMs < 1_000, 'at once')
  r.links.close()
  for (const { error } of await Promise.all(flood)) assert.equal(error?.name, 'NameUnavailable')
})

test('hosts without a DNSLink displace each other at their bound, no others', async (t) => {
  const r = await rig(t)
  r.dns.zone.set(RECORD, texts(60, 'dnslink=/ipns/a.b'))
  await r.look()
  const none = async (i: number): Promise<readonly unknown[]> => r.look(`h${i}.example.org`)
  for (let i = 0; i <= DNS_HOSTS_KEPT_MAX; i += 32)
    await Promise.all(Array.from({ length: 32 }, (_, j) => none(i + j)))
  assert.deepEqual(await none(DNS_HOSTS_KEPT_MAX), ['NameNotFound', 0])
  assert.deepEqual(await none(0), ['NameNotFound', 2])
  assert.deepEqual(await r.look(), ['/ipns/a.b', 60_000, 0])
})

test('hosts that can have no DNSLink cost no query', async (t) => {
  const r = await rig(t)
  for (const host of ['localhost', '127.0.0.1', 'x.localhost', '_dnslink.example.org', ''])
    assert.deepEqual(await r.look(host), ['NameNotFound', 0])
})
