/**
 * Groups of specs path-unixfs-gateway and path-range-gateway of the conformance suite, v0.13.2,
 * from the rules: symlinks, names, single ranges, tags.
 * @module
 */
import { FixtureCar, absent } from './fixtures.ts'
import { conformance, type ConformanceCase } from './rig.ts'

const NAMES = [
  'path_gateway_unixfs/symlink',
  'path_gateway_unixfs/dir-with-percent-encoded-filename',
  'path_gateway_unixfs/dir-with-files',
  'trustless_gateway_car/file-3k-and-3-blocks-missing-block',
  'gateway-cache/fixtures',
  'dir_listing/fixtures',
]
const cars = absent ? [] : NAMES.map((name) => new FixtureCar(`${name}.car`))
const paths = cars.map(({ path }) => path)
const IMMUTABLE = 'public, max-age=29030400, immutable'

conformance('TestGatewaySymlink, TestPathGatewayMiscellaneous', paths, () => {
  const [symlink, percent] = cars as [FixtureCar, FixtureCar]
  const name = 'Portugal%252C+Espa%C3%B1a=Peninsula%20Ib%C3%A9rica.txt'
  return [
    { name: 'folder', path: `/ipfs/${symlink.root}/`, status: 200, body: />bar<[^]*>foo</ },
    { name: 'target', path: `/ipfs/${symlink.root}/foo`, status: 200, body: /./ },
    {
      name: 'link',
      path: `/ipfs/${symlink.root}/bar`,
      status: 200,
      wants: { 'content-type': 'inode/symlink' },
      body: /^foo$/,
    },
    { name: 'escaped once', path: `/ipfs/${percent.root}/${name}`, status: 200 },
  ]
})

conformance('TestGatewayUnixFSFileRanges: single ranges', paths, () => {
  const [files, hole] = cars.slice(2) as [FixtureCar, FixtureCar]
  const cid = files.at('ascii.txt')
  const body = files.bytes(cid)
  const row = (path: string, range: string, got: string): ConformanceCase => ({
    name: range,
    path,
    headers: { range },
    status: 206,
    wants: { 'content-range': got, 'accept-ranges': 'bytes', 'cache-control': IMMUTABLE },
  })
  const path = `/ipfs/${files.root}/ascii.txt`
  return [
    { ...row(path, 'bytes=6-16', 'bytes 6-16/31'), body: body.subarray(6, 17) },
    { ...row(path, 'bytes=-3', 'bytes 28-30/31'), body: body.subarray(28) },
    row(`/ipfs/${hole.root}`, 'bytes=997-1000', 'bytes 997-1000/3072'),
    row(`/ipfs/${hole.root}`, 'bytes=2200-2201', 'bytes 2200-2201/3072'),
  ]
})

conformance('TestGatewayCache: files and folders', paths, () => {
  const cache = cars[4]!
  const page = cache.at('root2', 'root3', 'root4', 'index.html')
  const folder = cache.at('root2', 'root3', 'root4')
  const roots = ['root2', 'root3', 'root4'].map((_, i, all) => cache.at(...all.slice(0, i + 1)))
  const path = `/ipfs/${cache.root}/root2/root3/root4`
  const inFolder = [cache.root, ...roots].join(',')
  const match = (tag: string, target: string): ConformanceCase => ({
    name: `${tag} of ${target}`,
    path: target,
    headers: { 'if-none-match': tag },
    status: 304,
    body: new Uint8Array(0),
  })
  return [
    {
      name: 'a listing',
      path: `/ipfs/${cache.root}/root2/root3/`,
      status: 200,
      wants: {
        'cache-control': 'public, max-age=604800, stale-while-revalidate=2678400',
        etag: /^"?(?:W\/")?DirIndex-[^"]+_CID-bafy/,
      },
    },
    {
      name: 'an index page',
      path: `${path}/`,
      status: 200,
      wants: { 'cache-control': IMMUTABLE, etag: `"${folder}"`, 'x-ipfs-roots': inFolder },
    },
    {
      name: 'a file',
      path: `${path}/index.html`,
      status: 200,
      wants: {
        'cache-control': IMMUTABLE,
        etag: `"${page}"`,
        'x-ipfs-path': `${path}/index.html`,
        'x-ipfs-roots': `${inFolder},${page}`,
      },
      body: /^hello\n$/,
    },
    match(`"${page}"`, `${path}/index.html`),
    match(`W/"${page}"`, `${path}/index.html`),
    match(`"x", "y", "${page}"`, `${path}/index.html`),
    match('*', `${path}/index.html`),
    match(`"${folder}"`, `${path}/`),
    {
      name: 'only-if-cached, here',
      path: `/ipfs/${cache.root}/root2/`,
      headers: { 'cache-control': 'only-if-cached' },
      status: 200,
    },
    {
      name: 'only-if-cached, not here',
      path: '/ipfs/QmYzfKSE55XCjD1MW128RfciAf2DViABhEiXfgVFMabSjN',
      headers: { 'cache-control': 'only-if-cached' },
      status: 412,
    },
    {
      name: 'a name in UTF-8',
      path: `${path}/index.html?filename=test%D1%82%D0%B5%D1%81%D1%82.tar&download=true`,
      status: 200,
      wants: {
        'content-disposition':
          `attachment; filename="test____.tar"; filename*=UTF-8''` +
          'test%D1%82%D0%B5%D1%81%D1%82.tar',
      },
    },
    {
      name: 'a URI',
      path: `/ipfs/?uri=ipfs://${page}`,
      status: 301,
      wants: { location: `/ipfs/${page}` },
    },
    { name: 'no URI', path: '/ipfs/?uri=foo', status: 400 },
    {
      name: 'a bad CID',
      path: '/ipfs/QmInvalidCID',
      status: 400,
      body: /invalid path "\/ipfs\/QmInvalidCID"/,
    },
  ]
})

conformance('TestUnixFSDirectoryListing, TestCors', paths, () => {
  const { root } = cars[5]!
  const folder = `/ipfs/${root}/%C4%85/%C4%99`
  const crumbs =
    `/ipfs/<a href="/ipfs/${root}">${root}</a>/<a href="/ipfs/${root}/%C4%85">ą</a>` +
    `/<a href="/ipfs/${root}/%C4%85/%C4%99">ę</a>`
  const cors = {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': /GET.*HEAD.*OPTIONS/,
    'access-control-allow-headers': /Content-Type.*Range.*User-Agent.*X-Requested-With/,
    'access-control-expose-headers': /Content-Range.*Content-Length.*X-Ipfs-Path.*X-Ipfs-Roots/,
  }
  const listed = (what: string): RegExp => new RegExp(what.replaceAll(/[.?/]/g, '\\$&'))
  const file = cars[5]!.at('ą', 'ę', 'file-źł.txt')
  const page = (name: string, body: RegExp): ConformanceCase => ({
    name,
    path: `${folder}/`,
    status: 200,
    body,
  })
  return [
    { name: 'redirect', path: folder, status: 301, wants: { location: `${folder}/` } },
    page('title', /Index of/),
    page('breadcrumbs', listed(crumbs)),
    page('way back', listed(`<a href="${folder}/..">..</a>`)),
    page('name', listed(`<a href="${folder}/file-%C5%BA%C5%82.txt">file-źł.txt</a>`)),
    page('hash', listed(`href="/ipfs/${file}?filename=file-%25C5%25BA%25C5%2582.txt"`)),
    { name: 'GET', path: `${folder}/`, status: 200, wants: cors },
    { name: 'OPTIONS', method: 'OPTIONS', path: `${folder}/`, status: 204, wants: cors },
  ]
})
