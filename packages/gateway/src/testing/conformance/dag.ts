/**
 * The groups of spec path-dag-gateway of the conformance suite, v0.13.2, from the rules, and the
 * range requests that the suite builds and never sends.
 * @module
 */
import { FixtureCar } from './fixtures.ts'
import type { ConformanceGroup } from './groups.ts'
import type { ConformanceCase, Wants } from './table.ts'

const DIR = 'path_gateway_dag/'
const CODECS = ['json', 'cbor'] as const
type Plain = (typeof CODECS)[number]

type Rest = Omit<ConformanceCase, 'name' | 'path'>

const fixture = (name: string): FixtureCar => new FixtureCar(`${DIR}${name}.car`)

const typeOf = (format: string): string =>
  `application/${format.startsWith('dag-') ? 'vnd.ipld.' : ''}${format}`

/** A block by each way to name a format, and by none: the default of its codec. */
function byDefault(cid: string, { wants, ...more }: Rest): ConformanceCase {
  return { name: 'by default', path: `/ipfs/${cid}`, ...more, ...(wants && { wants }) }
}

function byFormat(cid: string, format: string, more: Rest): ConformanceCase {
  return { name: `?format=${format}`, path: `/ipfs/${cid}?format=${format}`, ...more }
}

function byAccept(cid: string, format: string, more: Rest): ConformanceCase {
  const headers = { ...more.headers, accept: typeOf(format) }
  return { name: `Accept: ${typeOf(format)}`, path: `/ipfs/${cid}`, ...more, headers }
}

const called = (prefix: string, rows: readonly ConformanceCase[]): ConformanceCase[] =>
  rows.map((row) => ({ ...row, name: `${prefix}: ${row.name}` }))

function wantsOf(cid: string, format: string, sizeBytes: number): Wants {
  const json = format.endsWith('json')
  const name = `${cid}.${json ? 'json' : 'cbor'}`
  const shown = json ? 'inline' : 'attachment'
  return {
    'content-type': typeOf(format),
    'content-length': String(sizeBytes),
    'content-disposition': `${shown}; filename="${name}"; filename*=UTF-8''${name}`,
    'x-content-type-options': 'nosniff',
    'x-ipfs-path': `/ipfs/${cid}`,
    'x-ipfs-roots': cid,
    'cache-control': 'public, max-age=29030400, immutable',
    'accept-ranges': 'bytes',
    etag: `"${cid}.${format}"`,
  }
}

/** What must come back for a range, several ranges and a suffix of a block. */
function rangesOf(content: Uint8Array, type: string): Record<'one' | 'several' | 'suffix', Rest> {
  const size = content.length
  const part = (range: string, first: number, last: number): Rest => ({
    headers: { range },
    status: 206,
    wants: {
      'content-type': type,
      'content-length': String(last - first + 1),
      'content-range': `bytes ${first}-${last}/${size}`,
    },
    body: content.subarray(first, last + 1),
  })
  const several = [
    [1, 3],
    [5, 6],
  ] as const
  return {
    one: part('bytes=2-5', 2, 5),
    several: {
      headers: { range: 'bytes=1-3,5-6' },
      status: 206,
      wants: { 'content-range': undefined },
      multipart: { content, type, ranges: several },
    },
    suffix: part('bytes=-3', size - 3, size - 1),
  }
}

function jsonFileRows(): ConformanceCase[] {
  const car = fixture('gateway-json-cbor')
  const cid = car.at('ą', 'ę', 't.json')
  const wants = { 'content-type': 'application/json', etag: `"${cid}"` }
  const common = { status: 200, wants, body: car.bytes(cid) }
  const rows = [byFormat(cid, 'json', common), byAccept(cid, 'json', common)]
  const path = `/ipfs/${car.root}/%C4%85/%C4%99/t.json`
  return called('a file of JSON', [{ name: 'by its path', path, ...common }, ...rows])
}

const REFUSED: Rest = { status: 406, wants: { etag: undefined, 'cache-control': 'no-store' } }

/** What is asked for in a codec that it does not have. */
function mismatches(): (readonly [what: string, cid: string, format: string])[] {
  const unixfs = fixture('gateway-json-cbor')
  const file = unixfs.at('ą', 'ę', 'file-źł.txt')
  return [
    ['a file', file, 'dag-json'],
    ['a file', file, 'dag-cbor'],
    ['a folder', unixfs.root, 'dag-json'],
    ['a folder', unixfs.root, 'dag-cbor'],
    ['dag-json', fixture('dag-json-traversal').root, 'dag-cbor'],
    ['dag-cbor', fixture('dag-cbor-traversal').root, 'dag-json'],
  ]
}

const mismatchRows = (): ConformanceCase[] =>
  mismatches().flatMap(([what, cid, format]) => called(what, [byFormat(cid, format, REFUSED)]))

function plainRows(plain: Plain): ConformanceCase[] {
  const car = fixture(`plain-${plain}`)
  const cid = car.root
  const body = car.bytes(cid)
  const { one, several } = rangesOf(body, typeOf(plain))
  const wants = wantsOf(cid, plain, body.length)
  const cases = { whole: { status: 200, wants, body }, 'one range': one, 'two ranges': several }
  return Object.entries(cases).flatMap(([what, rest]) => {
    const rows = [byDefault(cid, rest), byFormat(cid, plain, rest), byAccept(cid, plain, rest)]
    return called(`${plain}, ${what}`, rows)
  })
}

function pathingRows(plain: Plain): ConformanceCase[] {
  const codec = `dag-${plain}`
  const path = `/ipfs/${fixture(`${codec}-traversal`).root}`
  const remainder = /reading IPLD Kinds other than Links \(CBOR Tag 42\) is not implemented/
  const row = (name: string, rest: string, status: number, body: RegExp): ConformanceCase => ({
    name: `${codec}: ${name}`,
    path: `${path}${rest}?format=${codec}`,
    status,
    body,
  })
  return [
    row('a path that ends on no link', '/foo', 501, remainder),
    row('no such field', '/foo/i-do-not-exist', 404, /i-do-not-exist/),
    row('a field that is a link', '/foo/link/bar', 200, /this is not a link/),
  ]
}

function nativeRows(plain: Plain): ConformanceCase[] {
  const codec = `dag-${plain}`
  const car = fixture(`${codec}-traversal`)
  const cid = car.root
  const path = `/ipfs/${cid}`
  const body = car.bytes(cid)
  const whole = { status: 200, wants: wantsOf(cid, codec, body.length), body }
  const asPlain = { status: 200, wants: wantsOf(cid, plain, body.length), body }
  const head = { ...whole, method: 'HEAD', body: new Uint8Array(0) }
  const name = `filename="foobar.${plain}"`
  const shown = plain === 'json' ? 'inline' : 'attachment'
  const named = (query: string, how: string): ConformanceCase => {
    const wants = { 'content-disposition': new RegExp(`^${how}; ${name}`) }
    return byFormat(cid, `${codec}&filename=foobar.${plain}${query}`, { status: 200, wants })
  }
  const html = { accept: 'text/html' }
  return called(codec, [
    byDefault(cid, whole),
    byFormat(cid, codec, whole),
    byAccept(cid, codec, whole),
    byFormat(cid, plain, asPlain),
    byAccept(cid, plain, asPlain),
    named('', shown),
    named('&download=true', 'attachment'),
    { ...byDefault(cid, head), name: 'HEAD by default' },
    {
      ...byFormat(cid, plain, { ...asPlain, method: 'HEAD', body: head.body }),
      name: `HEAD ?format=${plain}`,
    },
    { ...byAccept(cid, codec, head), name: 'HEAD by Accept' },
    {
      name: 'HEAD of what is missing, only if cached',
      method: 'HEAD',
      path: path.slice(0, -4) + (path.endsWith('aaaa') ? 'aaai' : 'aaaa'),
      headers: { 'cache-control': 'only-if-cached' },
      status: 412,
    },
    { name: 'HTML', path: `${path}/`, headers: html, ...previewOf(cid) },
    { name: 'HTML, no slash', path, headers: html, status: 301, wants: { location: `${path}/` } },
  ])
}

/** A page about a block. */
function previewOf(cid: string): Rest {
  return {
    status: 200,
    wants: {
      'content-type': /^text\/html/,
      'content-disposition': undefined,
      'cache-control': 'public, max-age=604800, stale-while-revalidate=2678400',
      etag: new RegExp(`^"DagIndex-[^"]+_CID-${cid}"$`),
      'x-ipfs-roots': cid,
    },
    body: /^<!DOCTYPE html>[^]*<\/html>\n$/,
  }
}

function pbRows(): ConformanceCase[] {
  const { root } = fixture('dag-pb')
  return called('dag-pb', [byFormat(root, 'dag-json', REFUSED)])
}

/** Twelve requests: one range, several and a suffix, of each codec, by the query and by Accept. */
function rangeRows(plain: Plain): ConformanceCase[] {
  const codec = `dag-${plain}`
  const car = fixture(`${codec}-traversal`)
  const cid = car.root
  const rests = Object.entries(rangesOf(car.bytes(cid), typeOf(codec)))
  return rests.flatMap(([what, rest]) =>
    called(`${codec}, ${what}`, [byFormat(cid, codec, rest), byAccept(cid, codec, rest)]),
  )
}

function otherRows(): ConformanceCase[] {
  const refused = mismatches().flatMap(([what, cid, format]) =>
    called(what, [byAccept(cid, format, REFUSED)]),
  )
  const plain = ['plain-json', 'plain-cbor', 'plain-cbor-that-can-be-dag-cbor'].flatMap((name) => {
    const { root } = fixture(name)
    return called(name, [byFormat(root, `dag-${name.slice(6, 10)}`, REFUSED)])
  })
  const pages = CODECS.flatMap((codec) => {
    const { root } = fixture(`plain-${codec}`)
    const path = `/ipfs/${root}/`
    const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
    const size = fixture(`plain-${codec}`).bytes(root).length
    const block = wantsOf(root, codec, size)
    const as = { ...block, 'x-ipfs-path': path }
    return called(`plain ${codec}`, [
      { name: 'a browser gets a page', path, headers: { accept }, ...previewOf(root) },
      {
        name: 'a browser that asks',
        path: `${path}?format=${codec}`,
        headers: { accept },
        status: 200,
        wants: as,
      },
      {
        name: 'HTML wanted less',
        path,
        headers: { accept: 'text/html;q=0.5, */*' },
        status: 200,
        wants: as,
      },
      {
        name: 'HTML refused',
        path,
        headers: { accept: 'text/html;q=0, */*;q=0.1' },
        status: 200,
        wants: as,
      },
    ])
  })
  const { root } = fixture('dag-cbor-traversal')
  const among = { accept: `foo, ${typeOf('dag-cbor')},bar` }
  const wants = { 'content-type': typeOf('dag-cbor') }
  return [
    ...refused,
    ...plain,
    ...pages,
    { name: 'a type among others', path: `/ipfs/${root}`, headers: among, status: 200, wants },
    {
      name: 'HEAD of what is missing',
      method: 'HEAD',
      path: `/ipfs/${root.slice(0, -4)}aaaa`,
      status: 404,
    },
  ]
}

/** Groups of spec path-dag-gateway. */
export const dagGroups: readonly ConformanceGroup[] = [
  { name: 'TestGatewayJsonCbor', rows: jsonFileRows },
  { name: 'TestCodecMismatchReturns406', rows: mismatchRows },
  { name: 'TestPlainCodec', rows: () => CODECS.flatMap(plainRows) },
  { name: 'TestPathing', rows: () => CODECS.flatMap(pathingRows) },
  { name: 'TestNativeDag', rows: () => [...CODECS.flatMap(nativeRows), ...pbRows()] },
  { name: 'beyond the suite: ranges of native DAG blocks', rows: () => CODECS.flatMap(rangeRows) },
  { name: 'beyond the suite: IPLD data', rows: otherRows },
]
