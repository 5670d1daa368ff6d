import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { encode as encodeCbor } from '@ipld/dag-cbor'
import { encode as encodeJson } from '@ipld/dag-json'
import fc from 'fast-check'
import {
  PREVIEW_BLOCK_BYTES_MAX,
  PREVIEW_BYTES_MAX,
  PREVIEW_DEPTH_MAX,
  PREVIEW_TEXT_CHARS_MAX,
  PREVIEW_VALUES_MAX,
} from '@turnpike/core/limits'
import { DAG_CBOR, DAG_JSON, type Link, linkToCid, linkToString } from '@turnpike/core/link'
import { SHA2_256, encodeMultihash } from '@turnpike/core/multihash'
import type { UnixfsBlock } from '@turnpike/core/unixfs/block'
import { createGateway } from '../gateway.ts'
import type { Site } from '../parse-request.ts'
import { rawBlock } from '../testing/blocks.ts'
import { type Got, World, alice, drain, hasher } from '../testing/world.ts'
import { PLAIN_CBOR, PLAIN_JSON } from '../walk/ipld.ts'
import { PAGE_STYLE } from './page-style.ts'
import { type PreviewPage, PREVIEW_VERSION, previewPieces } from './preview-page.ts'

const utf8 = new TextEncoder()
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8'
const SITE: Site = { kind: 'path', scheme: 'http', authority: 'gateway.example', gateway: '' }
const leaf = rawBlock(utf8.encode('leaf'))
const leafCid = linkToString(leaf.link)

function block(codec: number, bytes: Uint8Array): UnixfsBlock {
  const multihash = encodeMultihash(SHA2_256, hasher.sha256(bytes))
  const link: Link = { version: 1, codec, multihash }
  return { kind: 'leaf', link, bytes, fileBytes: 0, dagBytes: bytes.length }
}

const cbor = block(DAG_CBOR, encodeCbor({ a: { b: linkToCid(leaf.link) }, n: 2n ** 60n }))
const at = `/ipfs/${linkToString(cbor.link)}`

interface Shown extends Omit<Got, 'body'> {
  readonly text: string
}

/** Sends requests one after another to one gateway over `blocks`. */
function asker(blocks: readonly UnixfsBlock[]): (path: string, accept?: string) => Promise<Shown> {
  const world = new World()
  world.put(alice, blocks)
  const gateway = createGateway(world.deps())
  return async (path, accept) => {
    const headers = accept === undefined ? {} : { accept }
    const request = new Request(`http://gateway.example${path}`, { headers })
    const { body, ...got } = await drain(await gateway.handle(request))
    return { ...got, text: new TextDecoder().decode(body) }
  }
}

async function pageOf(one: UnixfsBlock): Promise<string> {
  const got = await asker([one])(`/ipfs/${linkToString(one.link)}/`, BROWSER)
  assert.equal(got.status, 200)
  assert.equal(got.headers.get('content-type'), 'text/html; charset=utf-8')
  return got.text
}

test('a browser gets a page about a block, a program the block, whoever asks first', async () => {
  for (const accepts of [
    [BROWSER, undefined, BROWSER, '*/*'],
    [undefined, BROWSER, '*/*', BROWSER],
  ]) {
    const ask = asker([cbor])
    for (const accept of accepts) {
      const got = await ask(`${at}/`, accept)
      const bare = await ask(at, accept)
      const tag = got.headers.get('etag')
      if (accept === BROWSER) {
        assert.match(got.text, /<\/html>/)
        assert.equal(tag, `"DagIndex-${PREVIEW_VERSION}_CID-${linkToString(cbor.link)}"`)
        assert.equal(got.headers.get('content-disposition'), undefined)
        const caching = 'public, max-age=604800, stale-while-revalidate=2678400'
        assert.equal(got.headers.get('cache-control'), caching)
        assert.equal(bare.status, 301)
        assert.equal(bare.headers.get('location'), `${at}/`)
      } else {
        assert.equal(tag, `"${linkToString(cbor.link)}.dag-cbor"`)
        assert.equal(got.headers.get('content-type'), 'application/vnd.ipld.dag-cbor')
        assert.equal(bare.status, 200)
      }
      assert.equal(got.headers.get('vary'), 'Accept')
    }
    assert.equal((await ask(`${at}?x=1`, BROWSER)).headers.get('location'), `${at}/?x=1`)
    const asked = await ask(`${at}/?format=dag-cbor`, BROWSER)
    assert.equal(asked.headers.get('content-type'), 'application/vnd.ipld.dag-cbor')
    assert.equal((await ask(`${at}/`, 'text/html;q=0.5, */*')).status, 200)
    const json = await ask(`${at}/`, 'application/cbor, text/html')
    assert.equal(json.headers.get('content-type'), 'application/cbor')
  }
})

test('files and folders are the same for browsers and programs, and kept once', async () => {
  const world = new World()
  world.put(alice, [leaf])
  const hits: boolean[] = []
  const deps = world.deps()
  const observer = {
    ...deps.observer,
    cache: (kind: string, hit: boolean) => kind === 'answer' && hits.push(hit),
  }
  const gateway = createGateway({ ...deps, observer: observer as typeof deps.observer })
  for (const accept of [BROWSER, '*/*']) {
    const request = new Request(`http://gateway.example/ipfs/${leafCid}`, { headers: { accept } })
    assert.equal(Buffer.from((await drain(await gateway.handle(request))).body).toString(), 'leaf')
  }
  assert.deepEqual(hits, [false, true])
})

test('a page shows every kind of value, and links to other blocks', async () => {
  const value = {
    list: [1, -1.5, null, true, 2n ** 60n],
    link: linkToCid(leaf.link),
    bytes: Uint8Array.of(0, 255),
    text: 'a "b"\nc',
    none: {},
    empty: [],
  }
  for (const one of [block(DAG_CBOR, encodeCbor(value)), block(DAG_JSON, encodeJson(value))]) {
    const html = await pageOf(one)
    for (const part of [
      `<a translate="no" href="/ipfs/${leafCid}/">${leafCid}</a>`,
      '<code>0x00ff</code>',
      '2 bytes',
      '<code>1152921504606846976</code>',
      '<code>-1.5</code>',
      '<code>null</code>',
      'a &#34;b&#34;\nc',
      '<code>{}</code>',
      '<code>[]</code>',
      '5 items',
      '<a href="?format=raw">raw</a>',
      '<a href="?format=car">car</a>',
    ])
      assert.ok(html.includes(part), part)
    assert.doesNotMatch(html, /<script|src=|https?:\/\//)
  }
  const json = await pageOf(block(PLAIN_JSON, utf8.encode('{"/": "bafkqaaa", "x": [1]}')))
  assert.match(json, /<span class="key">\/<\/span> <span class="text">bafkqaaa/)
  assert.match(json, /\?format=json/)
  assert.doesNotMatch(json, /dag-json/)
  assert.match(await pageOf(block(PLAIN_CBOR, encodeCbor([7]))), /<code>7<\/code>/)
})

test('what does not decode is shown as it starts', async () => {
  const deep = new Uint8Array(100_000).fill(0x81)
  assert.match(await pageOf(block(DAG_CBOR, deep)), /not what its codec says.*\n<pre>8181/)
  assert.match(await pageOf(block(DAG_JSON, utf8.encode('{"<b>'))), /<pre>\{&#34;&lt;b&gt;…/)
  assert.match(await pageOf(block(PLAIN_JSON, Uint8Array.of(0xff))), /not what its codec says/)
  assert.match(await pageOf(block(DAG_CBOR, new Uint8Array(0))), /not what its codec says/)
})

test('whatever a value holds, it is text', async () => {
  const page = (value: unknown): string =>
    [...previewPieces({ ...PAGE, shown: { kind: 'value', value } })].join('')
  const tags = (html: string): string[] => html.match(/<[a-z!/]+/g)!
  const known = new Set(tags(page({ a: [1, 'x', {}, new Uint8Array(1), linkToCid(leaf.link)] })))
  const evil = fc.constantFrom('<script>', '"><img src=x onerror=alert(1)>', '</ul>', '&lt;', "'")
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 5 },
      evil,
      fc.string({ unit: 'binary' }),
      fc.bigInt(),
      fc.double(),
      fc.uint8Array({ maxLength: 8 }),
      fc.array(tie('any'), { maxLength: 4 }),
      fc.dictionary(fc.oneof(evil, fc.string()), tie('any'), { maxKeys: 4 }),
    ),
  })).any
  fc.assert(
    fc.property(value, (one) => {
      const html = page(one)
      for (const tag of tags(html)) assert.ok(known.has(tag), tag)
      assert.equal(html.split('<ul>').length, html.split('</ul>').length)
      assert.doesNotMatch(html, /<img|onerror=(?!alert\(1\)&gt;)/)
    }),
    { numRuns: 300 },
  )
})

const PAGE: PreviewPage = {
  site: SITE,
  path: '/ipfs/bafy/<b>',
  cid: leafCid,
  codec: 'dag-cbor',
  sizeBytes: 5,
  others: [['raw', '?format=raw&x=<']],
  shown: { kind: 'value', value: { a: 1 } },
}

const html = (value: unknown, more: Partial<PreviewPage> = {}): string =>
  [...previewPieces({ ...PAGE, shown: { kind: 'value', value }, ...more })].join('')

test('values, depth, texts and bytes are shown up to their bounds', () => {
  const shown = (count: number): number =>
    html(Array.from({ length: count }, () => 1)).split('<code>1</code>').length - 1
  assert.equal(shown(PREVIEW_VALUES_MAX - 1), PREVIEW_VALUES_MAX - 1)
  assert.equal(shown(PREVIEW_VALUES_MAX), PREVIEW_VALUES_MAX - 1)
  assert.match(html(Array.from({ length: PREVIEW_VALUES_MAX }, () => 1)), /what follows is not/)
  const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])
  assert.doesNotMatch(html(nested(PREVIEW_DEPTH_MAX)), /nested deeper/)
  assert.match(html(nested(PREVIEW_DEPTH_MAX + 1)), /nested deeper/)
  const text = 'x'.repeat(PREVIEW_TEXT_CHARS_MAX)
  assert.doesNotMatch(html(text), /characters? more/)
  assert.match(html(`${text}yz`), /x<\/span> <span class="more">and 2 characters more/)
  assert.doesNotMatch(html(`${text.slice(1)}😀`), /\uD83D/)
  assert.doesNotMatch(html(new Uint8Array(PREVIEW_BYTES_MAX)), /0…/)
  assert.match(html(new Uint8Array(PREVIEW_BYTES_MAX + 1)), /00…<\/code>.*257 bytes/)
})

test('a block larger than the bound is shown as it starts, and is not decoded', async () => {
  const of = (sizeBytes: number): UnixfsBlock =>
    block(PLAIN_JSON, utf8.encode(`"${'x'.repeat(sizeBytes - 2)}"`))
  assert.match(await pageOf(of(PREVIEW_BLOCK_BYTES_MAX)), /characters more/)
  assert.match(await pageOf(of(PREVIEW_BLOCK_BYTES_MAX + 1)), /too large.*\n<pre>&#34;xxx/)
})

test('links lead to where content is seen by CID', () => {
  const link = linkToCid(leaf.link)
  const subdomain: Site = { ...SITE, kind: 'subdomain', gateway: 'gw.example:8080' }
  assert.match(html(link, { site: subdomain }), new RegExp(`"//gw.example:8080/ipfs/${leafCid}/"`))
  const dnslink: Site = { ...SITE, kind: 'dnslink' }
  assert.match(html(link, { site: dnslink }), /"https:\/\/cid\.ipfs\.tech\/#bafk/)
  assert.match(html(1), /<h1>\/ipfs\/bafy\/&lt;b&gt;<\/h1>/)
  assert.match(html(1), /href="\?format=raw&amp;x=&lt;"/)
})

test('a page that looks different has another version', () => {
  const looks = html({ a: 1 }).replace(PAGE_STYLE, '')
  const digest = createHash('sha256').update(looks).digest('hex').slice(0, 16)
  assert.equal(`${PREVIEW_VERSION} ${digest}`, '1 860a565fdb730e71', 'raise PREVIEW_VERSION')
})
