import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ANSWER_BYTES_MAX, CHUNK_BYTES_MAX, SNIFF_BYTES_MAX } from '@turnpike/core/limits'
import { linkFromString } from '@turnpike/core/link'
import { bytesBody, bytesContent } from './content.ts'
import { typeOfBytes, typeOfName } from './content-type.ts'
import { escapeHtml, escapeSegment, humanBytes } from './escape.ts'
import { type ListingPage, listingPieces } from './listing-page.ts'
import { wholeSmall } from './serve.ts'

const utf8 = new TextEncoder()

test('types come from names, else from the first bytes', () => {
  assert.equal(typeOfName('a.html'), 'text/html')
  assert.equal(typeOfName('a.txt'), 'text/plain; charset=utf-8')
  assert.equal(typeOfName('a.json'), 'application/json')
  assert.equal(typeOfName('html'), undefined)
  assert.equal(typeOfName('a.unheardof'), undefined)
  const sniffed = [
    ['\x89PNG\r\n\x1a\n...', 'image/png'],
    ['%PDF-1.7', 'application/pdf'],
    ['....ftypisom', 'video/mp4'],
    ['<!DOCTYPE html><title>x</title>', 'text/html'],
    ['<svg xmlns="x"/>', 'image/svg+xml; charset=utf-8'],
    ['{"a": 1}', 'application/json'],
    ['{"a": ', 'text/plain; charset=utf-8'],
    ['\0\x01\x02', 'application/octet-stream'],
  ] as const
  for (const [text, type] of sniffed)
    assert.equal(typeOfBytes(Uint8Array.from(text, (c) => c.charCodeAt(0))), type, text)
  assert.equal(typeOfBytes(utf8.encode('größe')), 'text/plain; charset=utf-8')
})

test('no more is looked at to tell a type than the bound', () => {
  const text = 'a'.repeat(SNIFF_BYTES_MAX)
  assert.equal(typeOfBytes(utf8.encode(`${text}\0`)), 'text/plain; charset=utf-8')
  assert.equal(typeOfBytes(utf8.encode(`${text.slice(1)}\0`)), 'application/octet-stream')
})

test('names are escaped as the field’s gateways do, and come back', () => {
  assert.equal(escapeSegment("foo? #<'"), 'foo%3F%20%23%3C%27')
  assert.equal(escapeHtml("foo? #<'"), 'foo? #&lt;&#39;')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (name) => {
      const escaped = escapeSegment(name)
      assert.equal(decodeURIComponent(escaped), name)
      assert.match(escaped, /^[A-Za-z0-9\-._~$&+=:@%]*$/)
    }),
  )
})

test('sizes read well', () => {
  const cases = [
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [10 * 1024, '10 KiB'],
    [3 * 2 ** 40, '3.0 TiB'],
  ] as const
  for (const [bytes, text] of cases) assert.equal(humanBytes(bytes), text)
})

const link = linkFromString('bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am')!
const page: ListingPage = {
  site: { kind: 'path', scheme: 'http', authority: 'h:8080', gateway: '' },
  params: new URLSearchParams(),
  namespace: 'ipfs',
  rootText: 'bafyroot',
  segments: ['ą', '<b>'],
  cid: 'bafyfolder',
  sizeBytes: 5,
  entries: [{ name: '"><script>alert(1)</script>', link, tsizeBytes: 5 }],
  more: false,
}

test('links of a listing carry on who reads, and on whose account, and nothing else', () => {
  const params = new URLSearchParams('authToken=a%26b%22&format=car&space=did:key:z6Mk')
  const html = [...listingPieces({ ...page, params })].join('')
  const hrefs = Array.from(html.matchAll(/href="([^"]*)"/g), ([, href]) => href!)
  assert.ok(hrefs.length >= 5)
  for (const href of hrefs)
    assert.match(href, /[?;]authToken=a%26b%22&amp;space=did%3Akey%3Az6Mk$/, href)
})

test('a listing shows names as text, whatever they contain', () => {
  const html = [...listingPieces(page)].join('')
  assert.doesNotMatch(html, /<script|<b>/)
  assert.match(html, /&#34;&gt;&lt;script&gt;/)
  assert.match(html, /<a href="\/ipfs\/bafyroot\/%C4%85">ą<\/a>/)
  assert.match(html, /<a href="\/ipfs\/bafyroot\/%C4%85\/%3Cb%3E\/\.\.">\.\.<\/a>/)
  assert.doesNotMatch(html, /https?:\/\//)
  assert.match(html, /1 entry/)
})

test('a listing below a subdomain leads to its own host, and to its gateway for CIDs', () => {
  const site = {
    kind: 'subdomain',
    scheme: 'http',
    authority: 'bafyroot.ipfs.g.example:1',
    gateway: 'g.example:1',
  } as const
  const html = [...listingPieces({ ...page, site })].join('')
  assert.match(html, /<a href="\/%C4%85\/%3Cb%3E\/\.\.">\.\.<\/a>/)
  assert.match(html, /\/ipfs\/<a href="\/\/g\.example:1\/ipfs\/bafyroot">bafyroot<\/a>\//)
  assert.match(html, /class="ipfs-hash" translate="no" href="\/\/g\.example:1\/ipfs\/bafkrei/)
})

test('a listing of a DNSLink site leads to its own host alone, and elsewhere for CIDs', () => {
  const site = { kind: 'dnslink', scheme: 'http', authority: 'a.example', gateway: '' } as const
  const names = { site, namespace: 'ipns', rootText: 'a.example' } as const
  const html = [...listingPieces({ ...page, ...names })].join('')
  assert.match(
    html,
    /\/ipns\/<a href="\/\/a\.example\/">a\.example<\/a>\/<a href="\/\/a\.example\/%C4%85">/,
  )
  assert.match(
    html,
    /href="https:\/\/cid\.ipfs\.tech\/#bafkrei[a-z0-9]+" target="_blank" rel="noref/,
  )
})

test('a listing says so when it does not show everything', () => {
  assert.match([...listingPieces({ ...page, more: true })].join(''), /of more/)
})

test('a body in memory is handed out in chunks of at most the bound', async () => {
  const bytes = new Uint8Array(CHUNK_BYTES_MAX * 2 + 1)
  const reader = bytesBody(bytes).open(new AbortController().signal)
  const sizes: number[] = []
  for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read())
    sizes.push(chunk.length)
  assert.deepEqual(sizes, [CHUNK_BYTES_MAX, CHUNK_BYTES_MAX, 1])
  const closed = bytesBody(bytes).open(new AbortController().signal)
  closed.close()
  assert.equal(await closed.read(), null)
})

test('content is kept whole up to the bound and not over it', async () => {
  const shape = {
    status: 200,
    type: undefined,
    etag: '"x"',
    headers: [],
    lifetime: 'immutable' as const,
    ranged: true,
    billable: true,
  }
  const small = await wholeSmall(bytesContent(shape, new Uint8Array(ANSWER_BYTES_MAX)))
  assert.equal(small?.sizeBytes, ANSWER_BYTES_MAX)
  assert.equal(small?.type, 'application/octet-stream')
  const large = bytesContent(shape, new Uint8Array(ANSWER_BYTES_MAX + 1))
  assert.equal(await wholeSmall(large), undefined)
  const short = { ...bytesContent(shape, new Uint8Array(5)), sizeBytes: 6 }
  assert.equal(await wholeSmall(short), undefined)
})
