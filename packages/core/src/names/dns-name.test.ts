import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dnsNameOf, inlineDnsName, mayHaveDnsLink, uninlineDnsName } from './dns-name.ts'

const label63 = 'a'.repeat(63)
/** A name of `length` characters. */
const nameOf = (length: number): string =>
  [label63, label63, label63, 'b'.repeat(length - 3 * 64)].join('.')

test('a DNS name has one form', () => {
  assert.equal(dnsNameOf('Docs.IPFS.tech.'), 'docs.ipfs.tech')
  assert.equal(dnsNameOf('xn--bcher-kva.example'), 'xn--bcher-kva.example')
  assert.equal(dnsNameOf('my_site.example.org'), 'my_site.example.org')
  assert.equal(dnsNameOf('3.example.org'), '3.example.org')
})

test('hosts that can have a DNSLink', () => {
  for (const host of ['example.org', 'a.b.c.example.org', 'EN.example.org.', 'private.test'])
    assert.equal(mayHaveDnsLink(host), true, host)
})

test('hosts that can have none are told without a query', () => {
  const hosts = [
    '. .. localhost gateway com. a..b .example.org example.org.. 127.0.0.1 [::1] ::1 1.2.3 10.1',
    'example.org:8080 cid.ipfs.localhost x.invalid printer.local x.onion X.LOCALHOST. x.alt',
    '_dnslink.example.org _a.b -a.example a-.example bücher.example a/b.c',
    '12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d',
  ].flatMap((line) => line.split(' '))
  for (const host of ['', 'a b.example', ...hosts]) assert.equal(mayHaveDnsLink(host), false, host)
})

test('names and labels end at their bounds', () => {
  assert.equal(mayHaveDnsLink(`${label63}.example`), true)
  assert.equal(mayHaveDnsLink(`${label63}a.example`), false)
  assert.equal(dnsNameOf(nameOf(253)), nameOf(253))
  assert.equal(dnsNameOf(`${nameOf(253)}.`), nameOf(253))
  assert.equal(dnsNameOf(nameOf(254)), undefined)
  // `_dnslink.` takes 9 of 253.
  assert.equal(mayHaveDnsLink(nameOf(244)), true)
  assert.equal(mayHaveDnsLink(nameOf(245)), false)
})

test('a name becomes one label and comes back', () => {
  assert.equal(inlineDnsName('en.wikipedia-on-ipfs.org'), 'en-wikipedia--on--ipfs-org')
  assert.equal(uninlineDnsName('en-wikipedia--on--ipfs-org'), 'en.wikipedia-on-ipfs.org')
  assert.equal(inlineDnsName('127.0.0.1'), undefined)
  const label = fc.stringMatching(/^[a-z](?:[a-z-]{0,6}[a-z])?$/)
  fc.assert(
    fc.property(fc.array(label, { minLength: 2, maxLength: 8 }), (labels) => {
      const name = labels.join('.')
      const inlined = inlineDnsName(name)
      const length = name.length + name.split('-').length - 1
      assert.equal(inlined === undefined, length > 63)
      if (inlined === undefined) return
      assert.ok(!inlined.includes('.'))
      assert.equal(uninlineDnsName(inlined), name)
    }),
  )
})

test('any text has an answer', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (host) => {
      const name = dnsNameOf(host)
      if (mayHaveDnsLink(host)) assert.equal(dnsNameOf(name!), name)
      uninlineDnsName(host)
    }),
  )
})
