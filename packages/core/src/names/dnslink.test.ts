import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DNSLINK_CHARS_MAX } from '../limits/names.ts'
import { dnsLinkOf } from './dnslink.ts'

const CID = 'bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am'
const OTHER = 'QmYBhLYDwVFvxos9h8CGU2ibaY66QNgv8hpfewxaQrPiZj'
/** The link of records, or what is malformed, or undefined. */
const said = (...texts: string[]): unknown => Object.entries(dnsLinkOf(texts) ?? {})[0]

test('a record leads to content or to a name, with a path', () => {
  for (const path of [
    `/ipfs/${CID}`,
    `/ipfs/${OTHER}/`,
    `/ipfs/${CID}/a b/ü%20c`,
    '/ipns/docs.example.org/en',
    '/ipns/k51qzi5uqu5dk3v4rmjber23h16xnr23bsggmqqil9z2gduiis5se8dht36dam',
  ])
    assert.deepEqual(said(`dnslink=${path}`), ['path', path])
})

test('other records and other namespaces say nothing', () => {
  for (const text of ['', 'v=spf1 -all', 'xdnslink=/ipfs/', 'dnslink', 'dnslink=/hyper/abc'])
    assert.equal(said(text), undefined, text)
  assert.deepEqual(said('v=spf1', 'dnslink=/hyper/a', 'dnslink=/ipns/a.b'), ['path', '/ipns/a.b'])
})

test('of several the first in the order of characters holds, whatever the order of DNS', () => {
  const texts = [`dnslink=/ipfs/${CID}`, `dnslink=/ipfs/${OTHER}`, 'dnslink=/ipns/a.b']
  assert.deepEqual(said(...texts), ['path', `/ipfs/${OTHER}`])
  fc.assert(
    fc.property(fc.shuffledSubarray(texts, { minLength: 3 }), (shuffled) => {
      assert.deepEqual(said(...shuffled), said(...texts))
    }),
  )
})

test('malformed ones are passed over, and told when there is no other', () => {
  for (const value of [
    '',
    CID,
    '/',
    '/ipfs',
    '/ipfs/',
    '/ipns/',
    '/ipfs/nonsense',
    `/ipfs/${CID}/a\u0000b`,
    `/ipfs/${CID}/\uFFFD`,
    `/ipfs/${CID}?x`,
    '/ipns/a b',
    '/ipns/localhost',
  ]) {
    assert.deepEqual(said(`dnslink=${value}`), ['malformed', value])
    assert.deepEqual(said(`dnslink=${value}`, 'dnslink=/ipns/z.z'), ['path', '/ipns/z.z'])
  }
})

test('a link ends at its bound', () => {
  const longest = `/ipns/a.b/${'c'.repeat(DNSLINK_CHARS_MAX - 10)}`
  assert.deepEqual(said(`dnslink=${longest}`), ['path', longest])
  assert.equal((said(`dnslink=${longest}c`) as string[])[0], 'malformed')
})

test('any records have an answer', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string().map((s) => `dnslink=${s}`),
    fc.string().map((s) => `dnslink=/ipfs/${s}`),
  )
  fc.assert(fc.property(fc.array(text), (texts) => void dnsLinkOf(texts)))
})
