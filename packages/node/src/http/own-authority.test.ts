import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OwnAuthority } from './own-authority.ts'

const own = new OwnAuthority({
  hosts: ['gateway.example', 'other.example:9000', '2001:db8::5'],
  subdomainHosts: ['example.com', 'example.net:8443'],
  publicUrl: 'https://public.example/',
})
const local = { address: '::ffff:192.0.2.7', port: 8080 }

test('the gateway is where a connection came in, any loopback address, and its names', () => {
  for (const target of [
    '192.0.2.7:8080',
    '127.0.0.1:8080',
    '127.1.2.3:8080',
    'LOCALHOST:8080',
    '[::1]:8080',
    'gateway.example:8080',
    'Gateway.Example:8080',
    'other.example:9000',
    '[2001:db8::5]:8080',
    'example.com:8080',
    'bafkqaaa.ipfs.example.com:8080',
    'bafkqaaa.ipfs.example.net:8443',
    'public.example:443',
  ])
    assert.ok(own.has(target, local), target)
})

test('nothing else is', () => {
  for (const target of [
    '127.0.0.1:8081',
    '127.0.0.1',
    'localhost:22',
    '192.0.2.8:8080',
    '127.0.0.1.example:8080',
    'sub.gateway.example:8080',
    'other.example:8080',
    'gateway.example:443',
    'badexample.com:8080',
    'public.example:80',
    '[2001:db8::6]:8080',
    'http://127.0.0.1:8080',
    'user@127.0.0.1:8080',
    '127.0.0.1:8080/',
    ':8080',
    '/',
    '',
  ])
    assert.ok(!own.has(target, local), target)
})

test('a connection without an address of ours is no way to ourselves', () => {
  assert.ok(!own.has('192.0.2.7:8080', { address: undefined, port: undefined }))
})
