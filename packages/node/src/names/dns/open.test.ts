import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { ORIGIN_SOCKETS_MAX } from '@turnpike/core/limits'
import { DNS_TIMEOUT_MS, DNS_TRIES_MAX, DNS_UDP_BYTES_MAX } from '@turnpike/core/limits/names'
import { nodeClock } from '../../runtime.ts'
import { TEST_CERTIFICATE } from '../../testing/certificate.ts'
import {
  asked,
  code,
  nothing,
  reply,
  silence,
  startTestDns,
  texts,
  truncated,
  txt,
  type DnsScript,
  type TestDns,
} from '../../testing/dns.ts'
import { openDnsLinks, type OpenDnsLinks } from './open.ts'
import { serverFromText, systemServers } from './servers.ts'

const HOST = 'www.example.org'
const RECORD = `_dnslink.${HOST}`
const PATH = '/ipns/target.example.org/docs'
const LINK = `dnslink=${PATH}`

async function dnsOf(t: TestContext, script: DnsScript): Promise<TestDns> {
  const dns = await startTestDns()
  t.after(() => dns.close())
  dns.zone.set(RECORD, script)
  return dns
}

/** Look-ups by UDP and TCP. */
function linksOf(t: TestContext, ...servers: TestDns[]): OpenDnsLinks {
  const resolver = { kind: 'servers', servers: servers.map(({ server }) => server) } as const
  const links = openDnsLinks({ resolver, clock: nodeClock })
  t.after(() => links.close())
  return links
}

/** Look-ups by HTTPS. */
function secureLinksOf(t: TestContext, url: string, allowPrivate = true): OpenDnsLinks {
  const resolver = { kind: 'https', url } as const
  const links = openDnsLinks({ resolver, clock: nodeClock, allowPrivate, ca: TEST_CERTIFICATE })
  t.after(() => links.close())
  return links
}

/** Path and TTL, or the name of the error, and its message and cause. */
async function look(links: OpenDnsLinks, host = HOST): Promise<readonly unknown[]> {
  const { ok: link, error } = await links.lookup(host, new AbortController().signal)
  if (link !== undefined) return [link.path, link.ttlMs]
  assert.doesNotMatch(error!.message, /\d+\.\d+\.\d+\.\d+/, 'readers see no address of a server')
  return [error!.name, `${error!.message} ${String(error!.cause)}`]
}

async function refused(links: OpenDnsLinks, name: string, message: RegExp): Promise<void> {
  const [gotName, gotMessage] = await look(links)
  assert.equal(gotName, name)
  assert.match(String(gotMessage), message)
}

test('a DNSLink comes by UDP with its TTL', async (t) => {
  const dns = await dnsOf(t, texts(300, 'v=spf1 -all', ['dnslink=', PATH], 'dnslink=/ipns/z.z'))
  assert.deepEqual(await look(linksOf(t, dns)), [PATH, 300_000])
  assert.deepEqual(asked(dns), [`udp ${RECORD}`])
})

test('where nothing is at _dnslink, the host itself is asked', async (t) => {
  const dns = await dnsOf(t, nothing(60))
  dns.zone.set(HOST, texts(9, 'unrelated', LINK))
  assert.deepEqual(await look(linksOf(t, dns)), [PATH, 9_000])
  assert.deepEqual(asked(dns), [`udp ${RECORD}`, `udp ${HOST}`])
})

test('records that are no DNSLink are none, and a malformed one is told', async (t) => {
  const dns = await dnsOf(t, texts(60, 'v=spf1 -all'))
  await refused(linksOf(t, dns), 'NameNotFound', /set a TXT record at _dnslink.www.example.org/)
  dns.zone.set(RECORD, texts(60, 'dnslink=/ipfs/nonsense'))
  await refused(linksOf(t, dns), 'NameInvalid', /got "\/ipfs\/nonsense"/)
  assert.equal(asked(dns).at(-1), `udp ${RECORD}`, 'the host itself is not asked then')
})

test('what is cut comes by TCP, in pieces as it may', async (t) => {
  const long = 'x'.repeat(255)
  const dns = await dnsOf(t, truncated(texts(60, Array(200).fill(long), LINK)))
  assert.deepEqual(await look(linksOf(t, dns)), [PATH, 60_000])
  assert.deepEqual(asked(dns), [`udp ${RECORD}`, `tcp ${RECORD}`])
})

test('garbage, another id, nothing, and truncation by TCP are failures', async (t) => {
  for (const bad of [
    () => [Buffer.from('garbage')],
    (query) => [reply({ ...query, id: query.id ^ 1 })],
    () => [],
    truncated(() => []),
    (query) => [reply(query, { flags: 0x200 })],
  ] satisfies DnsScript[]) {
    const dns = await dnsOf(t, truncated(bad))
    await refused(linksOf(t, dns), 'NameUnavailable', /by TCP|connection that ended/)
  }
})

test('forgeries are passed over, and the true answer after them is taken', async (t) => {
  const forged = txt(RECORD, 60, ['dnslink=/ipns/forged.example'])
  const dns = await dnsOf(t, (query) => [
    Buffer.from('garbage'),
    reply({ ...query, id: query.id ^ 1 }, { answers: forged }),
    reply({ ...query, name: 'other.example' }, { answers: forged }),
    Buffer.alloc(DNS_UDP_BYTES_MAX + 1, reply(query, { answers: forged })),
    reply(query, { answers: txt(RECORD, 60, [LINK]) }),
  ])
  assert.deepEqual(await look(linksOf(t, dns)), [PATH, 60_000])
})

test('an answer of the bound’s size by UDP is taken', async (t) => {
  const sized = (query: Parameters<DnsScript>[0], pad: number): Uint8Array =>
    reply(query, { answers: txt(RECORD, 60, [LINK, Array(pad).fill('x'.repeat(3))]) })
  const dns = await dnsOf(t, (query) => {
    const least = sized(query, 1).length
    const message = sized(query, 1 + Math.floor((DNS_UDP_BYTES_MAX - least) / 4))
    assert.ok(message.length <= DNS_UDP_BYTES_MAX && message.length > DNS_UDP_BYTES_MAX - 4)
    return [message]
  })
  assert.deepEqual(await look(linksOf(t, dns)), [PATH, 60_000])
})

test('an answer from another port is not taken', async (t) => {
  const spoofer = createSocket('udp4')
  t.after(() => spoofer.close())
  spoofer.bind(0, '127.0.0.1')
  await once(spoofer, 'listening')
  const dns = await dnsOf(t, async (query) => {
    const forged = reply(query, { answers: txt(RECORD, 60, ['dnslink=/ipns/forged.example']) })
    await new Promise((sent) => spoofer.send(forged, query.port, '127.0.0.1', sent))
    await pause(50)
    return [reply(query, { answers: txt(RECORD, 60, [LINK]) })]
  })
  assert.deepEqual(await look(linksOf(t, dns)), [PATH, 60_000])
})

test('ids and ports are not guessable from the ones before', async (t) => {
  const dns = await dnsOf(t, code(2))
  for (let i = 0; i < 20; i++) await look(linksOf(t, dns))
  const steps = dns.queries.slice(1).map(({ id }, i) => id - dns.queries[i]!.id)
  assert.ok(new Set(steps).size > 10)
  assert.ok(new Set(dns.queries.map(({ port }) => port)).size > 10)
})

test('a server that fails is not asked again, and the next one answers', async (t) => {
  const failing = await dnsOf(t, code(2))
  const good = await dnsOf(t, texts(60, LINK))
  assert.deepEqual(await look(linksOf(t, failing, good)), [PATH, 60_000])
  assert.deepEqual([failing.queries.length, good.queries.length], [1, 1])
})

test('queries for one record end at their bound, however many servers there are', async (t) => {
  const failing = await dnsOf(t, code(2))
  const servers = Array(DNS_TRIES_MAX + 1).fill(failing)
  await refused(linksOf(t, ...servers), 'NameUnavailable', /SERVFAIL/)
  assert.equal(failing.queries.length, DNS_TRIES_MAX)
})

test('failures of all servers are told: SERVFAIL, REFUSED, nobody there', async (t) => {
  await refused(linksOf(t, await dnsOf(t, code(2))), 'NameUnavailable', /SERVFAIL from 127.0.0.1/)
  await refused(linksOf(t, await dnsOf(t, code(5))), 'NameUnavailable', /REFUSED/)
  const gone = await startTestDns()
  gone.close()
  await refused(linksOf(t, gone), 'NameUnavailable', /ECONNREFUSED/)
  await refused(linksOf(t), 'NameUnavailable', /no server/)
})

test('a server that no route leads to fails at once', async (t) => {
  const good = await dnsOf(t, texts(60, LINK))
  const nowhere = { ...good, server: { address: '255.255.255.255', port: 53 } }
  await refused(linksOf(t, nowhere), 'NameUnavailable', /E[A-Z]+ from 255/)
  assert.deepEqual(await look(linksOf(t, nowhere, good)), [PATH, 60_000])
})

test('a failure at _dnslink is not taken for a host without one', async (t) => {
  const dns = await dnsOf(t, code(2))
  dns.zone.set(HOST, texts(60, LINK))
  await refused(linksOf(t, dns), 'NameUnavailable', /SERVFAIL/)
})

test('silence ends within the bound, and so do late and slow answers', async (t) => {
  const late: DnsScript = async (query) => {
    await pause(DNS_TIMEOUT_MS + 200, undefined, { ref: false })
    return [reply(query, { answers: txt(RECORD, 60, [LINK]) })]
  }
  const startMs = performance.now()
  const scripts = [silence, late, truncated(late)]
  await Promise.all(
    scripts.map(async (script) => {
      const dns = await dnsOf(t, script)
      await refused(linksOf(t, dns), 'NameUnavailable', /silence/)
      const udp = dns.queries.filter(({ by }) => by === 'udp')
      assert.ok(udp.length > 1 && udp.length <= DNS_TRIES_MAX, 'asks again, a few times')
    }),
  )
  const tookMs = performance.now() - startMs
  assert.ok(tookMs > DNS_TIMEOUT_MS - 50 && tookMs < DNS_TIMEOUT_MS + 1_000, `took ${tookMs} ms`)
})

test('a silent server costs one try, then the next is asked', async (t) => {
  const silent = await dnsOf(t, silence)
  const good = await dnsOf(t, texts(60, LINK))
  assert.deepEqual(await look(linksOf(t, silent, good)), [PATH, 60_000])
})

test('a DNSLink comes by HTTPS', async (t) => {
  const dns = await dnsOf(t, nothing(60))
  dns.zone.set(HOST, texts(60, LINK))
  const links = secureLinksOf(t, dns.url)
  assert.deepEqual(await look(links), [PATH, 60_000])
  assert.deepEqual(asked(dns), [`https ${RECORD}`, `https ${HOST}`])
  assert.deepEqual(
    dns.queries.map(({ id }) => id),
    [0, 0],
  )
  assert.equal((await look(links, 'none.example.org'))[0], 'NameNotFound')
})

test('a TTL by HTTPS is less by what caches kept the answer for', async (t) => {
  const dns = await dnsOf(t, texts(60, LINK))
  dns.ageS = 45
  assert.deepEqual(await look(secureLinksOf(t, dns.url)), [PATH, 15_000])
})

test('a DNS-over-HTTPS server at a private address needs leave', async (t) => {
  const dns = await dnsOf(t, texts(60, LINK))
  await refused(secureLinksOf(t, dns.url, false), 'NameUnavailable', /public host/)
  assert.deepEqual(asked(dns), [])
})

test('failures by HTTPS are told: codes, other answers, silence', async (t) => {
  for (const [script, message] of [
    [code(2), /SERVFAIL/],
    [() => [Buffer.from('garbage')], /something else/],
    [(query) => [reply({ ...query, name: 'other.example' })], /something else/],
    [() => [Buffer.alloc(70_000)], /more than 65535 bytes/],
    [silence, /silence/],
  ] satisfies [DnsScript, RegExp][]) {
    const dns = await dnsOf(t, script)
    await refused(secureLinksOf(t, dns.url), 'NameUnavailable', message)
  }
})

test('refusals by HTTPS hold no connection', async (t) => {
  const dns = await dnsOf(t, texts(60, LINK))
  const links = secureLinksOf(t, dns.url)
  dns.status = 503
  for (let i = 0; i <= ORIGIN_SOCKETS_MAX; i++)
    assert.match(String((await look(links, `h${i}.example.org`))[1]), /status 503/)
  dns.status = 200
  assert.deepEqual(await look(links), [PATH, 60_000])
})

test('with DNS off no host has a DNSLink', async () => {
  const links = openDnsLinks({ resolver: { kind: 'off' }, clock: nodeClock })
  await refused(links, 'NameNotFound', /expected a DNSLink/)
})

test('closing ends what is under way', async (t) => {
  const dns = await dnsOf(t, silence)
  const links = linksOf(t, dns)
  const startMs = performance.now()
  const pending = look(links)
  links.close()
  assert.equal((await pending)[0], 'NameUnavailable')
  assert.ok(performance.now() - startMs < 500)
  assert.equal((await look(links, 'later.example.org'))[0], 'NameUnavailable')
})

test('servers are read as text, and the system has some', () => {
  assert.deepEqual(serverFromText('[2001:db8::1]:5353'), { address: '2001:db8::1', port: 5353 })
  assert.deepEqual(serverFromText('2001:db8::1'), { address: '2001:db8::1', port: 53 })
  assert.equal(serverFromText('dns.example:53'), undefined)
  for (const { port } of systemServers()) assert.ok(port > 0)
})
