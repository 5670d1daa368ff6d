import assert from 'node:assert/strict'
import type { LookupAddress } from 'node:dns'
import { test } from 'node:test'
import { URL_CHARS_MAX } from '@turnpike/core/limits'
import { isPublicAddress, publicLookup, refusalOf } from './address.ts'

test('public addresses are told from all others', () => {
  const open = [
    '1.1.1.1',
    '93.184.215.14',
    '172.32.0.1',
    '::ffff:1.1.1.1',
    '2606:4700::1111',
    '2a00:1450::1',
  ]
  const closed = [
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.255',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '64:ff9b::7f00:1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    'fc00::1',
    'fd12::1',
    'fe80::1',
    'fec0::1',
    'ff02::1',
    'localhost',
    '',
  ]
  assert.deepEqual(open.filter(isPublicAddress), open)
  assert.deepEqual(closed.filter(isPublicAddress), [])
})

test('an address from others is https, bare, short, and no private host in any spelling', () => {
  const refused = [
    'http://cdn.example/',
    'ftp://cdn.example/',
    'https://user@cdn.example/',
    'https://:password@cdn.example/',
    'https://127.0.0.1/',
    'https://0x7f.1/',
    'https://2130706433/',
    'https://017700000001/',
    'https://[::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://169.254.169.254/latest/meta-data',
    `https://cdn.example/${'x'.repeat(URL_CHARS_MAX - 19)}`,
  ]
  for (const address of refused) assert.ok(refusalOf(new URL(address)), address.slice(0, 60))
  const longest = `https://cdn.example/${'x'.repeat(URL_CHARS_MAX - 20)}`
  for (const address of ['https://cdn.example/a?b', 'https://1.1.1.1:8443/', longest])
    assert.equal(refusalOf(new URL(address)), undefined, address.slice(0, 60))
})

/** What a lookup calls back with when a name has `addresses`. */
function lookUp(addresses: LookupAddress[], all: boolean): unknown[] {
  let result: unknown[] = []
  const resolve = (_name: string, _options: object, callback: (...args: unknown[]) => void) =>
    callback(null, addresses)
  publicLookup(resolve as never)('cdn.example', { all }, (...args) => void (result = args))
  return result
}

test('a name is refused when any of its addresses is private, whatever it was a moment ago', () => {
  const open = { address: '1.1.1.1', family: 4 }
  const closed = { address: '::1', family: 6 }
  assert.deepEqual(lookUp([open], true), [null, [open]])
  assert.deepEqual(lookUp([open], false), [null, '1.1.1.1', 4])
  for (const addresses of [[closed], [open, closed], []])
    for (const all of [true, false])
      assert.equal((lookUp(addresses, all)[0] as { code: string }).code, 'ENOTPUBLIC')
})
