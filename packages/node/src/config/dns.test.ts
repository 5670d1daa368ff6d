import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DNS_SERVERS_MAX } from '@turnpike/core/limits/names'
import { dnsResolver } from './dns.ts'

test('a resolver is the system’s, nobody, a URL or servers, and shows as it was written', () => {
  assert.deepEqual(dnsResolver.fromText('system'), { kind: 'system' })
  assert.deepEqual(dnsResolver.fromText('off'), { kind: 'off' })
  const url = 'https://dns.example/dns-query'
  assert.deepEqual(dnsResolver.fromText(url), { kind: 'https', url })
  const servers = [
    { address: '192.0.2.1', port: 53 },
    { address: '2001:db8::1', port: 5353 },
  ]
  const read = dnsResolver.fromText('udp://192.0.2.1, udp://[2001:db8::1]:5353')
  assert.deepEqual(read, { kind: 'servers', servers })
  assert.equal(dnsResolver.show(read!), 'udp://192.0.2.1:53,udp://[2001:db8::1]:5353')
  for (const text of ['system', 'off', url])
    assert.equal(dnsResolver.show(dnsResolver.fromJson(text)!), text)
})

test('names, other schemes, credentials, queries and bad ports are refused', () => {
  for (const text of [
    '',
    'on',
    'SYSTEM',
    '192.0.2.1',
    'http://dns.example/dns-query',
    'udp://',
    'https://a:b@dns.example/',
    'https://dns.example/?dns=1',
    'tls://192.0.2.1',
    'udp://dns.example',
    'udp://192.0.2.1:0',
    'udp://192.0.2.1:65536',
    'udp://192.0.2',
    'udp://[192.0.2.1]:53',
    'udp://192.0.2.1/x',
    'udp://192.0.2.1,',
    'udp://192.0.2.1,off',
  ])
    assert.equal(dnsResolver.fromText(text), undefined, text)
})

test('there are servers up to the bound', () => {
  const list = (count: number): string => Array(count).fill('udp://192.0.2.1').join(',')
  assert.notEqual(dnsResolver.fromText(list(DNS_SERVERS_MAX)), undefined)
  assert.equal(dnsResolver.fromText(list(DNS_SERVERS_MAX + 1)), undefined)
})
