/**
 * The groups of spec path-dag-gateway of the conformance suite, v0.13.2, from the rules, and the
 * range requests that the suite builds and never sends.
 * @module
 */
import { FixtureCar, absent } from './fixtures.ts'
import { conformance, type ConformanceCase, type Wants } from './rig.ts'

const DIR = 'path_gateway_dag/'
const FILES = ['gateway-json-cbor', 'dag-json-traversal', 'dag-cbor-traversal', 'plain-json']
FILES.push('plain-cbor', 'plain-cbor-that-can-be-dag-cbor', 'plain-cbor-that-can-be-dag-json')
const cars = absent ? [] : FILES.map((name) => new FixtureCar(`${DIR}${name}.car`))
const carOf = (name: string): FixtureCar => cars[FILES.indexOf(name)]!
const paths = cars.map(({ path }) => path)

const IMMUTABLE = 'public, max-age=29030400, immutable'

/** A block asked for in each way that names a format: by nothing, by the query, by Accept. */
function ways(
  cid: string,
  format: string,
  type: string,
  more: Omit<ConformanceCase, 'name' | 'path'>,
) {
  const path = `/ipfs/${cid}`
  return [
    { name: `${cid} ?format=${format}`, path: `${path}?format=${format}`, ...more },
    { name: `${cid} ${type}`, path, headers: { accept: type }, ...more },
    { name: `${cid} among others`, path, headers: { accept: `foo, ${type},bar` }, ...more },
  ]
}

function wantsOf(cid: string, format: string, type: string, sizeBytes: number): Wants {
  const json = format.endsWith('json')
  const extension = json ? 'json' : 'cbor'
  const disposition = json ? 'inline' : 'attachment'
  return {
    'content-type': type,
    'content-length': String(sizeBytes),
    'content-disposition': new RegExp(`^${disposition}; filename="${cid}\\.${extension}"`),
    'x-content-type-options': 'nosniff',
    'x-ipfs-path': `/ipfs/${cid}`,
    'x-ipfs-roots': cid,
    'cache-control': IMMUTABLE,
    'accept-ranges': 'bytes',
    etag: `"${cid}.${format}"`,
  }
}

conformance('TestGatewayJsonCbor', paths, () => {
  const car = carOf('gateway-json-cbor')
  const cid = car.at('ą', 'ę', 't.json')
  const common = {
    status: 200,
    wants: { 'content-type': 'application/json' },
    body: car.bytes(cid),
  }
  const path = `/ipfs/${car.root}/%C4%85/%C4%99/t.json`
  return [{ name: 'by path', path, ...common }, ...ways(cid, 'json', 'application/json', common)]
})

conformance('TestCodecMismatchReturns406', paths, () => {
  const unixfs = carOf('gateway-json-cbor')
  const cases = [
    [unixfs.at('ą', 'ę', 'file-źł.txt'), 'dag-json'],
    [unixfs.at('ą', 'ę', 'file-źł.txt'), 'dag-cbor'],
    [unixfs.root, 'dag-json'],
    [unixfs.root, 'dag-cbor'],
    [carOf('dag-json-traversal').root, 'dag-cbor'],
    [carOf('dag-cbor-traversal').root, 'dag-json'],
  ] as const
  return cases.flatMap(([cid, format]) =>
    ways(cid, format, `application/vnd.ipld.${format}`, {
      status: 406,
      wants: { etag: undefined, 'cache-control': 'no-store' },
    }),
  )
})

conformance('TestPlainCodec', paths, () =>
  FILES.filter((name) => name.startsWith('plain')).flatMap(plainRows),
)

function plainRows(name: string): ConformanceCase[] {
  const car = carOf(name)
  const cid = car.root
  const body = car.bytes(cid)
  const format = cid.startsWith('bagaa') ? 'json' : 'cbor'
  const type = `application/${format}`
  const wants = wantsOf(cid, format, type, body.length)
  const dag = `dag-${format}`
  return [
    { name: `${cid} as it is`, path: `/ipfs/${cid}`, status: 200, wants, body },
    { name: `HEAD ${cid}`, method: 'HEAD', path: `/ipfs/${cid}`, status: 200, wants },
    ...ways(cid, format, type, { status: 200, wants, body }),
    ...ways(cid, dag, `application/vnd.ipld.${dag}`, { status: 406 }),
  ]
}

conformance('TestPathing', paths, () =>
  ['dag-json', 'dag-cbor'].flatMap((codec) => {
    const path = `/ipfs/${carOf(`${codec}-traversal`).root}`
    const remainder = /reading IPLD Kinds other than Links \(CBOR Tag 42\) is not implemented/
    const row = (name: string, rest: string, status: number, body: RegExp): ConformanceCase => ({
      name: `${codec} ${name}`,
      path: `${path}${rest}?format=${codec}`,
      status,
      body,
    })
    return [
      row('path remainder', '/foo', 501, remainder),
      row('no such field', '/foo/i-do-not-exist', 404, /i-do-not-exist/),
      row('several links', '/foo/link/bar', 200, /this is not a link/),
    ]
  }),
)

conformance('TestNativeDag', paths, () => ['json', 'cbor'].flatMap(nativeRows))

function nativeRows(plain: string): ConformanceCase[] {
  const format = `dag-${plain}`
  const car = carOf(`${format}-traversal`)
  const cid = car.root
  const path = `/ipfs/${cid}`
  const body = car.bytes(cid)
  const type = `application/vnd.ipld.${format}`
  const wants = wantsOf(cid, format, type, body.length)
  const asPlain = wantsOf(cid, plain, `application/${plain}`, body.length)
  const named = new RegExp(`; filename="foobar.${plain}"`)
  const accept = { accept: type }
  const head = { method: 'HEAD', path, status: 200, wants, body: new Uint8Array(0) }
  const unknown = path.slice(0, -4) + (path.endsWith('aaaa') ? 'aaai' : 'aaaa')
  return [
    { name: `${format} by default`, path, status: 200, wants, body },
    ...ways(cid, format, type, { status: 200, wants, body }),
    ...ways(cid, plain, `application/${plain}`, { status: 200, wants: asPlain, body }),
    {
      name: `${format} ?filename`,
      path: `${path}?filename=foobar.${plain}`,
      headers: accept,
      status: 200,
      wants: { 'content-disposition': named },
    },
    {
      name: `${format} ?download`,
      path: `${path}?filename=foobar.${plain}&download=true`,
      headers: accept,
      status: 200,
      wants: { 'content-disposition': new RegExp(`^attachment; filename="foobar.${plain}"`) },
    },
    { name: `HEAD ${format}`, ...head },
    { name: `HEAD ${format} by Accept`, ...head, headers: accept },
    { name: `HEAD ${format} that is absent`, method: 'HEAD', path: unknown, status: 404 },
    ...rangesOf(format, path, body, type),
  ]
}

/** Single ranges as of raw blocks. */
function rangesOf(name: string, path: string, body: Uint8Array, type: string): ConformanceCase[] {
  const size = body.length
  const row = (range: string, first: number, last: number): ConformanceCase => ({
    name: `${name} ${range}`,
    path,
    headers: { range, accept: type },
    status: 206,
    wants: { 'content-type': type, 'content-range': `bytes ${first}-${last}/${size}` },
    body: body.subarray(first, last + 1),
  })
  return [
    row('bytes=6-16', 6, 16),
    row('bytes=-3', size - 3, size - 1),
    row('bytes=5-', 5, size - 1),
  ]
}
