/**
 * The groups TestGatewayCache, TestGatewayUnixFSFileRanges and TestCors of the conformance suite,
 * v0.13.2, from the rules.
 * @module
 */
import { LISTING_VERSION } from '../../format/listing-page.ts'
import { FixtureCar } from './fixtures.ts'
import type { ConformanceGroup } from './groups.ts'
import type { ConformanceCase, Wants } from './table.ts'

const IMMUTABLE = 'public, max-age=29030400, immutable'
const GENERATED = 'public, max-age=604800, stale-while-revalidate=2678400'
const EMPTY = new Uint8Array(0)
/** In no CAR of the data. */
const ABSENT = 'QmYzfKSE55XCjD1MW128RfciAf2DViABhEiXfgVFMabSjN'

/** The folders of the cache tests: a listing, a folder with a page, and the page. */
interface CacheData {
  /** CIDs from the content's root to the folder with the page. */
  readonly roots: readonly string[]
  /** CID of the page. */
  readonly page: string
  /** Paths without their slash. */
  readonly listing: string
  readonly folder: string
}

function cacheData(): CacheData {
  const car = new FixtureCar('gateway-cache/fixtures.car')
  const names = ['root2', 'root3', 'root4']
  const roots = [car.root, ...names.map((_, i) => car.at(...names.slice(0, i + 1)))]
  const page = car.at(...names, 'index.html')
  const listing = `/ipfs/${car.root}/root2/root3`
  return { roots, page, listing, folder: `${listing}/root4` }
}

function cacheRows(): ConformanceCase[] {
  const { roots, listing, folder, page } = cacheData()
  const rows: (readonly [name: string, path: string, wants: Wants])[] = [
    [
      'a listing',
      `${listing}/`,
      {
        'cache-control': GENERATED,
        etag: new RegExp(`^(?:W/)?"DirIndex-[^"]+_CID-${roots[2]}"$`),
        'x-ipfs-path': `${listing}/`,
        'x-ipfs-roots': roots.slice(0, 3).join(','),
      },
    ],
    [
      'a folder with a page',
      `${folder}/`,
      {
        'cache-control': IMMUTABLE,
        etag: `"${roots[3]}"`,
        'x-ipfs-path': `${folder}/`,
        'x-ipfs-roots': roots.join(','),
      },
    ],
    [
      'a file',
      `${folder}/index.html`,
      {
        'cache-control': IMMUTABLE,
        etag: `"${page}"`,
        'x-ipfs-path': `${folder}/index.html`,
        'x-ipfs-roots': [...roots, page].join(','),
      },
    ],
  ]
  return [
    ...rows.map(([name, path, wants]) => ({ name, path, status: 200, wants })),
    ...unchangedRows(),
    ...onlyIfCachedRows(),
  ]
}

/** Conditions that hold; 304 has the fields of the answer that it stands for, and no body. */
function unchangedRows(): ConformanceCase[] {
  const { roots, listing, folder, page } = cacheData()
  const file = `${folder}/index.html`
  const row = (name: string, path: string, tag: string, wants: Wants): ConformanceCase => ({
    name: `unchanged: ${name}`,
    path,
    headers: { 'if-none-match': tag },
    status: 304,
    wants: { ...wants, 'content-type': undefined, 'content-length': undefined },
    body: EMPTY,
  })
  const ofFile = { etag: `"${page}"`, 'cache-control': IMMUTABLE }
  return [
    row('a file', file, `"${page}"`, ofFile),
    row('a folder with a page', `${folder}/`, `"${roots[3]}"`, { etag: `"${roots[3]}"` }),
    row('the third of several', file, `"fakeEtag1", "fakeEtag2", "${page}"`, ofFile),
    row('a weak tag', file, `W/"${page}"`, ofFile),
    row('any tag', file, '*', ofFile),
    {
      ...row('a listing by its strong tag', `${listing}/`, '', {}),
      headers: { 'if-none-match': listingTag(roots[2]!) },
    },
    {
      ...row('a listing by its weak tag', `${listing}/`, '', {}),
      headers: { 'if-none-match': `W/${listingTag(roots[2]!)}` },
    },
  ]
}

function listingTag(cid: string): string {
  return `"DirIndex-${LISTING_VERSION}_CID-${cid}"`
}

/** What is here is served, what is not is refused at once. */
function onlyIfCachedRows(): ConformanceCase[] {
  const here = `${cacheData().folder}/index.html`
  const headers = { 'cache-control': 'only-if-cached' }
  return ['GET', 'HEAD'].flatMap((method) => [
    { name: `${method} only if cached, here`, method, path: here, headers, status: 200 },
    {
      name: `${method} only if cached, not here`,
      method,
      path: `/ipfs/${ABSENT}`,
      headers,
      status: 412,
    },
    {
      name: `${method} only if cached, of a block that is not here`,
      method,
      path: `/ipfs/${ABSENT}?format=raw`,
      headers,
      status: 412,
    },
  ])
}

function rangeRows(): ConformanceCase[] {
  const files = new FixtureCar('path_gateway_unixfs/dir-with-files.car')
  const hole = new FixtureCar('trustless_gateway_car/file-3k-and-3-blocks-missing-block.car')
  const path = `/ipfs/${files.root}/ascii.txt`
  const content = files.bytes(files.at('ascii.txt'))
  const common = { 'accept-ranges': 'bytes', 'cache-control': IMMUTABLE }
  const row = (target: string, range: string, got: string, body?: Uint8Array): ConformanceCase => ({
    name: `${range} of ${got}`,
    path: target,
    headers: { range },
    status: 206,
    wants: { ...common, 'content-range': got },
    ...(body === undefined ? {} : { body }),
  })
  return [
    { name: 'a whole file', path, status: 200, wants: common, body: content },
    row(path, 'bytes=6-16', 'bytes 6-16/31', content.subarray(6, 17)),
    row(path, 'bytes=-3', 'bytes 28-30/31', content.subarray(28)),
    {
      name: 'several ranges',
      path,
      headers: { range: 'bytes=6-16,0-4' },
      status: 206,
      wants: common,
      multipart: {
        content,
        type: 'text/plain; charset=utf-8',
        ranges: [
          [6, 16],
          [0, 4],
        ],
      },
    },
    row(`/ipfs/${hole.root}`, 'bytes=997-1000', 'bytes 997-1000/3072'),
    row(`/ipfs/${hole.root}`, 'bytes=2200-2201', 'bytes 2200-2201/3072'),
  ]
}

/** Each name of a list, in any order. */
function listOf(...names: readonly string[]): RegExp {
  return new RegExp(`^${names.map((name) => `(?=.*\\b${name}\\b)`).join('')}`)
}

function corsRows(): ConformanceCase[] {
  const path = `/ipfs/${new FixtureCar('path_gateway_unixfs/dir-with-files.car').root}/ascii.txt`
  const exposed = ['Content-Range', 'Content-Length', 'X-Ipfs-Path', 'X-Ipfs-Roots']
  const wants: Wants = {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': listOf('GET', 'HEAD', 'OPTIONS'),
    'access-control-allow-headers': listOf(
      'Content-Type',
      'Range',
      'User-Agent',
      'X-Requested-With',
    ),
    'access-control-expose-headers': listOf(...exposed, 'X-Chunked-Output', 'X-Stream-Output'),
  }
  return [
    { name: 'GET', path, status: 200, wants },
    { name: 'OPTIONS', method: 'OPTIONS', path, status: 204, wants },
  ]
}

/** Fields that every answer has, whatever it is. */
function corsEverywhereRows(): ConformanceCase[] {
  const { folder, listing } = cacheData()
  const { wants = {} } = corsRows()[0]!
  const file = `${folder}/index.html`
  return [
    { name: 'CORS on 404', path: `${listing}/nothing`, status: 404, wants },
    { name: 'CORS on 400', path: '/ipfs/nothing', status: 400, wants },
    { name: 'CORS on 301', path: folder, status: 301, wants },
    { name: 'CORS on 304', path: file, headers: { 'if-none-match': '*' }, status: 304, wants },
  ]
}

/** Addresses that lead to others, or nowhere. */
function addressRows(page: string): ConformanceCase[] {
  return [
    {
      name: 'a URI',
      path: `/ipfs/?uri=ipfs://${page}`,
      status: 301,
      wants: { location: `/ipfs/${page}` },
    },
    { name: 'no URI', path: '/ipfs/?uri=foo', status: 400 },
    {
      name: 'a doubled path',
      path: `/ipfs/ipfs/${page}?a=b`,
      status: 301,
      wants: { location: `/ipfs/${page}?a=b` },
    },
    { name: 'a doubled path of no key', path: '/ipfs/ipns/QmInvalidKey', status: 400 },
    {
      name: 'a bad CID',
      path: '/ipfs/QmInvalidCID',
      status: 400,
      body: /invalid path "\/ipfs\/QmInvalidCID"/,
    },
  ]
}

/** What the rules have for files, and the suite asks nowhere or only of others. */
function furtherRows(): ConformanceCase[] {
  const { folder, page } = cacheData()
  const file = `${folder}/index.html`
  return [
    ...corsEverywhereRows(),
    {
      name: 'a name in UTF-8',
      path: `${file}?filename=test%D1%82%D0%B5%D1%81%D1%82.tar&download=true`,
      status: 200,
      wants: {
        'content-disposition':
          `attachment; filename="test____.tar"; filename*=UTF-8''` +
          'test%D1%82%D0%B5%D1%81%D1%82.tar',
      },
    },
    ...addressRows(page),
    {
      name: 'HEAD takes no range',
      method: 'HEAD',
      path: file,
      headers: { range: 'bytes=0-1' },
      status: 200,
      wants: { 'content-length': '6', 'content-range': undefined },
    },
    {
      name: 'HEAD tells the type of what has no name',
      method: 'HEAD',
      path: `/ipfs/${page}`,
      status: 200,
      wants: { 'content-type': 'text/plain; charset=utf-8', 'content-length': '6' },
    },
    {
      name: 'a range of another version',
      path: file,
      headers: { range: 'bytes=0-1', 'if-range': '"other"' },
      status: 200,
      body: /^hello\n$/,
    },
    {
      name: 'a range of this version',
      path: file,
      headers: { range: 'bytes=0-1', 'if-range': `"${page}"` },
      status: 206,
      body: /^he$/,
    },
    {
      name: 'a condition that does not hold',
      path: file,
      headers: { 'if-match': '"other"' },
      status: 412,
    },
  ]
}

/** Groups of specs path-unixfs-gateway and path-range-gateway about files, and CORS. */
export const fileGroups: readonly ConformanceGroup[] = [
  { name: 'TestGatewayCache', rows: cacheRows },
  { name: 'TestGatewayUnixFSFileRanges', rows: rangeRows },
  { name: 'TestCors', rows: corsRows },
  { name: 'beyond the suite: files', rows: furtherRows },
]
