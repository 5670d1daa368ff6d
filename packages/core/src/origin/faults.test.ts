import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OriginFault, type BlobReader } from '../ports/blob.ts'
import { ok } from '../result.ts'
import { originOf } from './address.ts'
import { faultOfCode, isTransient } from './faults.ts'
import { readersFor } from './readers-for.ts'

test('codes of sockets and parsers have their names, and only what may pass is transient', () => {
  const names = ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'HPE_X', undefined].map(
    (code) => faultOfCode('p', code),
  )
  assert.deepEqual(
    names.map((fault) => [fault.name, isTransient(fault)]),
    [
      ['OriginUnavailable', true],
      ['OriginUnavailable', true],
      ['OriginUnavailable', true],
      ['OriginTimeout', true],
      ['OriginLied', false],
      ['OriginUnavailable', true],
    ],
  )
  assert.equal(isTransient(new OriginFault('OriginMissing', 'p', '')), false)
  assert.equal(isTransient(new OriginFault('OriginForbidden', 'p', '')), false)
})

test('an address is named by its origin alone', () => {
  const names = [
    'https://user:secret@h.example:8443/secret?secret#secret',
    's3://bucket/secret',
    'file:///secret',
    'local:secret',
    'no address, secret',
  ].map(originOf)
  assert.deepEqual(names, ['https://h.example:8443', 's3://bucket', 'file:', 'local:', 'invalid:'])
})

test('each address goes to the first reader that serves it; none is a fault', async () => {
  const opened: string[] = []
  const reader = (scheme: string, name: string): BlobReader => ({
    serves: (url) => url.startsWith(scheme),
    open(_blob, _site, _range, _signal) {
      opened.push(name)
      return ok({ fill: () => ok({}), close: () => {} })
    },
  })
  const readers = readersFor([reader('a:', 'first'), reader('a:', 'second'), reader('b:', 'third')])
  const open = (url: string) =>
    readers.open(
      { multihash: undefined, key: url, size: 1, sites: [] },
      { url, provider: '' },
      { first: 0, last: 0 },
      new AbortController().signal,
    )
  await open('a:1')
  await open('b:1')
  assert.deepEqual(opened, ['first', 'third'])
  assert.equal((await open('c://host/secret')).error?.name, 'OriginUnavailable')
  assert.doesNotMatch((await open('c://host/secret')).error!.message, /secret/)
  assert.deepEqual([readers.serves('b:x'), readers.serves('c:x')], [true, false])
})
