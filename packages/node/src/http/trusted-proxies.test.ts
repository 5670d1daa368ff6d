import assert from 'node:assert/strict'
import { isIPv6, SocketAddress } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { FORWARDED_HOPS_MAX } from '@turnpike/core/limits'
import { isProxyRange, networkOf, TrustedProxies } from './trusted-proxies.ts'

test('words, addresses and ranges stand for what they say, and nothing else does', () => {
  const cases: [entries: string[], trusted: string[], others: string[]][] = [
    [['loopback'], ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'], ['10.0.0.1', '::2']],
    [
      ['private'],
      ['10.1.2.3', '172.31.0.1', '192.168.9.9', '169.254.1.1', 'fd00::1', 'fe80::1'],
      ['127.0.0.1', '172.32.0.1', '8.8.8.8', '2001:db8::1'],
    ],
    [['all'], ['8.8.8.8', '2001:db8::1'], []],
    [['none'], [], ['127.0.0.1', '::1', '8.8.8.8']],
    [[], [], ['127.0.0.1']],
    [
      ['192.0.2.0/25', '2001:db8::7'],
      ['192.0.2.127', '2001:db8::7'],
      ['192.0.2.128', '::7'],
    ],
  ]
  for (const [entries, trusted, others] of cases) {
    const proxies = new TrustedProxies(entries)
    for (const address of trusted) assert.ok(proxies.has(address), `${entries} has ${address}`)
    for (const address of [...others, undefined, '', 'unix:', 'a.example'])
      assert.ok(!proxies.has(address), `${entries} has not ${address}`)
  }
})

test('an entry that stands for nothing is refused', () => {
  for (const entry of [
    '',
    'localhost',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/',
    '1.2.3.4/8/8',
    '10/8',
  ])
    assert.equal(isProxyRange(entry), false, entry)
  assert.throws(() => new TrustedProxies(['toString']), { name: 'TypeError' })
})

test('the client is the last address that no trusted proxy has', () => {
  const proxies = new TrustedProxies(['loopback', '10.0.0.0/8'])
  const cases: [peer: string, forwarded: string | undefined, client: string][] = [
    ['192.0.2.9', '192.0.2.1', '192.0.2.9'],
    ['127.0.0.1', undefined, '127.0.0.1'],
    ['127.0.0.1', '192.0.2.1', '192.0.2.1'],
    ['127.0.0.1', '6.6.6.6, 192.0.2.1, 10.0.0.7', '192.0.2.1'],
    ['127.0.0.1', '10.0.0.8,10.0.0.7', '10.0.0.8'],
    ['127.0.0.1', '192.0.2.1:443', '192.0.2.1'],
    ['127.0.0.1', '[2001:db8::1]:443', '2001:db8::1'],
    ['127.0.0.1', '192.0.2.1, garbage', '127.0.0.1'],
    ['127.0.0.1', '192.0.2.1, garbage, 10.0.0.7', '10.0.0.7'],
    ['127.0.0.1', '', '127.0.0.1'],
  ]
  for (const [peer, forwarded, client] of cases)
    assert.equal(proxies.clientOf(peer, forwarded), client, forwarded)
})

test('only so many hops are looked at', () => {
  const proxies = new TrustedProxies(['10.0.0.0/8'])
  const through = (hops: number): string =>
    proxies.clientOf('10.0.0.1', `192.0.2.1${',10.0.0.2'.repeat(hops)}`)
  assert.equal(through(FORWARDED_HOPS_MAX - 1), '192.0.2.1')
  assert.equal(through(FORWARDED_HOPS_MAX), '10.0.0.2')
})

test('a client of IPv6 is a network, one of IPv4 an address', () => {
  for (const [address, network] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::1:2:3:4:5', '2001:db8:0:1::/64'],
    ['2001:db8::', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ] as const)
    assert.equal(networkOf(address), network)
})

test('addresses share a network just when their first 64 bits agree', () => {
  const group = fc.integer({ min: 0, max: 0xffff })
  const groups = fc.array(group, { minLength: 8, maxLength: 8 })
  const text = (parts: readonly number[]): string => parts.map((n) => n.toString(16)).join(':')
  fc.assert(
    fc.property(groups, groups, fc.boolean(), (a, b, same) => {
      const other = same ? [...a.slice(0, 4), ...b.slice(4)] : b
      const agree = a.slice(0, 4).join() === other.slice(0, 4).join()
      fc.pre(isIPv6(text(a)) && !a.slice(0, 5).every((n) => n === 0))
      assert.equal(networkOf(text(a)) === networkOf(text(other)), agree)
    }),
  )
})

/** The first 64 bits by what Node makes of an address, slowly. */
function slowNetworkOf(address: string): string {
  const canonical = new SocketAddress({ address, family: 'ipv6' }).address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(canonical)?.[1]
  if (mapped !== undefined) return mapped
  const [head, tail] = canonical.split('::').map((half) => half.split(':').filter(Boolean))
  const tailGroups = (tail ?? []).flatMap((part) => (part.includes('.') ? ['x', 'x'] : [part]))
  const zeros = Array.from({ length: 8 - head!.length - tailGroups.length }, () => '0')
  return `${[...head!, ...zeros, ...tailGroups].slice(0, 4).join(':')}::/64`
}

test('an address of IPv6 has one network, in whatever way it is written', () => {
  const mapped = fc.ipV4().map((v4) => `::ffff:${v4}`)
  const upper = fc.oneof(fc.ipV6(), mapped).map((address) => address.toUpperCase())
  fc.assert(
    fc.property(fc.oneof(fc.ipV6(), mapped, upper), (address) => {
      assert.equal(networkOf(address), slowNetworkOf(address))
      assert.equal(networkOf(`${address}%eth0`), slowNetworkOf(address))
    }),
    { numRuns: 500 },
  )
})
