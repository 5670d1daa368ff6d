import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PROVIDER_GATEWAYS_MAX, PROVIDER_RECORDS_MAX } from '../limits/claims.ts'
import { httpGatewaysIn, urlOfMultiaddr } from './providers.ts'

const HTTP = 'transport-ipfs-gateway-http'

function peer(addresses: readonly unknown[], protocols: readonly string[] = [HTTP]): object {
  return { Schema: 'peer', ID: '12D3KooW', Addrs: addresses, Protocols: protocols }
}

test('gateways come out of JSON and NDJSON, others are passed over', () => {
  const records = [
    peer(['/dns/a.example/tcp/443/https']),
    peer(['/ip4/192.0.2.1/tcp/4001'], ['transport-bitswap']),
    peer(['/ip4/192.0.2.1/udp/4001/quic-v1', '/dns4/b.example/tcp/8443/tls/http', 7]),
    { Schema: 'bitswap', Protocol: HTTP, Addrs: ['/ip6/2001:db8::1/tcp/80/http'] },
    peer(['/dns/a.example/https/p2p/12D3KooW']),
  ]
  const found = ['https://a.example', 'https://b.example:8443', 'http://[2001:db8::1]']
  assert.deepEqual(httpGatewaysIn(JSON.stringify({ Providers: records }), 'json'), found)
  const lines = records.map((record) => JSON.stringify(record)).join('\n\n')
  assert.deepEqual(httpGatewaysIn(lines, 'ndjson'), found)
  assert.deepEqual(httpGatewaysIn('{"Providers":null}', 'json'), [])
  assert.deepEqual(httpGatewaysIn('', 'ndjson'), [])
})

test('what is neither is nothing', () => {
  assert.equal(httpGatewaysIn('<html>', 'json'), undefined)
  assert.equal(httpGatewaysIn('[]', 'json'), undefined)
  assert.equal(httpGatewaysIn('{}\n<html>', 'ndjson'), undefined)
})

test('records and gateways are looked at up to their bounds', () => {
  const many = Array.from({ length: PROVIDER_RECORDS_MAX + 1 }, (_, i) =>
    peer(i < PROVIDER_RECORDS_MAX ? [] : ['/dns/late.example/https']),
  )
  assert.deepEqual(httpGatewaysIn(JSON.stringify({ Providers: many }), 'json'), [])
  const all = Array.from({ length: PROVIDER_GATEWAYS_MAX + 1 }, (_, i) =>
    peer([`/dns/g${i}.example/https`]),
  )
  const found = httpGatewaysIn(JSON.stringify({ Providers: all }), 'json')
  assert.equal(found!.length, PROVIDER_GATEWAYS_MAX)
})

test('no text leads anywhere but to the origin of an http URL', () => {
  const part = fc.constantFrom(
    '/dns/',
    '/ip4/',
    '/tcp/',
    '/https',
    '/http',
    'a.b',
    '@',
    '1',
    '?',
    ':',
  )
  fc.assert(
    fc.property(
      fc.array(part).map((parts) => parts.join('')),
      (text) => {
        const url = urlOfMultiaddr(text)
        if (url !== undefined) assert.equal(new URL(url).origin, url)
      },
    ),
  )
  for (const bad of ['/dns/a.example/tcp/99999999/http', '/dns/a@b/http', '/dns/a/http/x', 5])
    assert.equal(urlOfMultiaddr(bad), undefined)
})
