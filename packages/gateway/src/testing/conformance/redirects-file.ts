/**
 * The groups TestRedirectsFile* of the conformance suite, v0.13.2, from the rules.
 * @module
 */
import { CID } from 'multiformats/cid'
import { FixtureCar } from './fixtures.ts'
import type { ConformanceGroup } from './groups.ts'
import { subdomainOf } from './subdomains.ts'
import type { ConformanceCase, Wants } from './table.ts'

const IMMUTABLE = 'public, max-age=29030400, immutable'
const UNPARSED = /could not parse _redirects:/
/** A name may change: absent, or with an age of its own. */
const MUTABLE = /^(?:public, max-age=\d+)?$/

const cars = (): { readonly sites: FixtureCar; readonly spa: FixtureCar } => ({
  sites: new FixtureCar('redirects_file/redirects.car'),
  spa: new FixtureCar('redirects_file/redirects-spa.car'),
})

type Row = Omit<ConformanceCase, 'name' | 'status'> & { readonly host: string }

function row(name: string, status: number, { host, headers, ...rest }: Row): ConformanceCase {
  return { name, status, headers: { host, ...headers }, ...rest }
}

/** Rows of the site `examples`, the same on any host of its own but for how long they hold. */
function pageRows(host: string, more: Wants): ConformanceCase[] {
  const { sites } = cars()
  const wants = (file: string): Wants => ({
    etag: `"${sites.at('examples', file)}"`,
    ...more,
  })
  const page = (path: string, status: number): ConformanceCase =>
    row(`${path} has the status of its rule, and its page`, status, {
      host,
      path: `${path}/has-no-redirects-entry`,
      wants: { ...wants(`${status}.html`), 'content-type': /^text\/html/ },
      body: new RegExp(`^my ${status}\\n$`),
    })
  return [page('/not-found', 404), page('/gone', 410), page('/unavail', 451)]
}

function exampleRows(): ConformanceCase[] {
  const { sites } = cars()
  const root = sites.at('examples')
  const host = subdomainOf(root)
  const moves = [
    ['/redirect-one', 301, '/one.html'],
    ['/301-redirect-one', 301, '/one.html'],
    ['/302-redirect-two', 302, '/two.html'],
    ['/posts/2022/06/15/hello-world', 301, '/articles/2022/06/15/hello-world'],
    ['/splat/one.html', 301, '/redirected-splat/one.html'],
  ] as const
  return [
    ...moves.map(([path, status, location]) =>
      row(path, status, { host, path, wants: { location } }),
    ),
    ...['/200-index', '/catch-all', '/catch-all/below/'].map((path) =>
      row(path, 200, {
        host,
        path,
        wants: { etag: `"${sites.at('examples', 'index.html')}"`, 'cache-control': IMMUTABLE },
        body: /^my index\n$/,
      }),
    ),
    row('what exists is not redirected', 200, { host, path: '/one.html', body: /^my one\n$/ }),
    ...pageRows(host, { 'cache-control': IMMUTABLE }),
    {
      name: 'a path gateway has no origin of its own for a site',
      path: `/ipfs/${root}/301-redirect-one`,
      status: 404,
    },
  ]
}

function faultRows(): ConformanceCase[] {
  const { sites } = cars()
  const on = (site: string): string => subdomainOf(sites.at(site))
  const asked = { path: '/not-found' }
  return [
    row('invalid', 500, { host: on('invalid'), ...asked, body: UNPARSED }),
    row('too large', 500, {
      host: on('too-large'),
      ...asked,
      body: /could not parse _redirects:.*redirects file size cannot exceed/,
    }),
    row('forced', 500, { host: on('forced'), ...asked, body: UNPARSED }),
    row('bad codes', 500, { host: on('bad-codes'), ...asked, body: UNPARSED }),
    row('bad codes, but the path exists', 200, {
      host: on('bad-codes'),
      path: '/found.html',
      body: /^my found\n$/,
    }),
    ...[301, 302, 303, 307, 308].map((status) =>
      row(`good codes: ${status}`, status, {
        host: on('good-codes'),
        path: `/a${status}`,
        wants: { location: `/b${status}` },
      }),
    ),
    ...[200, 404, 410, 451].map((status) =>
      row(`good codes: ${status}, without its page`, 404, {
        host: on('good-codes'),
        path: `/a${status}`,
        body: /no link named/,
      }),
    ),
    row('CRLF', 301, {
      host: on('newlines'),
      path: '/redirect-one',
      wants: { location: '/one.html' },
    }),
  ]
}

function beyondRows(): ConformanceCase[] {
  const { sites } = cars()
  const host = subdomainOf(sites.at('examples'))
  const root = CID.parse(sites.at('examples')).toV1().toString()
  const lost = '/not-found/x'
  const page = `"${sites.at('examples', '404.html')}"`
  const named = (format: string): ConformanceCase =>
    row(`${format} follows no rules`, 404, { host, path: `${lost}?format=${format}` })
  return [
    row('the query is passed along', 301, {
      host,
      path: '/redirect-one?a=1&b=%20',
      wants: { location: '/one.html?a=1&b=%20' },
    }),
    row('X-Ipfs-Path is as asked, X-Ipfs-Roots lead to the page', 404, {
      host,
      path: lost,
      wants: {
        'x-ipfs-path': `/ipfs/${root}${lost}`,
        'x-ipfs-roots': new RegExp(`,${page.slice(1, -1)}$`),
      },
    }),
    row('HEAD has the headers of GET', 404, {
      host,
      method: 'HEAD',
      path: lost,
      wants: { etag: page, 'content-length': '7' },
      body: new Uint8Array(0),
    }),
    row('conditions and ranges count for 200 alone', 404, {
      host,
      path: lost,
      headers: { 'if-none-match': page, range: 'bytes=0-1' },
      body: /^my 404\n$/,
    }),
    row('a range of what a rule leads to', 206, {
      host,
      path: '/200-index',
      headers: { range: 'bytes=3-' },
      wants: { 'content-range': 'bytes 3-8/9' },
      body: /^index\n$/,
    }),
    row('HEAD of a redirect', 301, {
      host,
      method: 'HEAD',
      path: '/redirect-one',
      body: new Uint8Array(0),
    }),
    ...['raw', 'car', 'dag-json'].map(named),
  ]
}

/** A page of one application, whatever the path: its tag is that of the page. */
function spaRows(host: string, cacheControl: string | RegExp): ConformanceCase[] {
  const page = `"${cars().spa.at('index.html')}"`
  const wants = { etag: page, 'cache-control': cacheControl }
  const path = '/something-that-does-not-exist/x'
  const held = (tag: string): ConformanceCase =>
    row(`${host}: ${tag} is held`, 304, {
      host,
      path,
      headers: { 'if-none-match': tag },
      wants,
      body: new Uint8Array(0),
    })
  const other = row(`${host}: another tag is not`, 200, {
    host,
    path,
    headers: { 'if-none-match': '"x"' },
    wants,
    body: /^hello world\n$/,
  })
  return [other, held(page), held(`W/${page}`), held('*')]
}

/** Groups of spec redirects-file over hosts of CIDs. */
export const redirectsGroups: readonly ConformanceGroup[] = [
  { name: 'TestRedirectsFileSupport', rows: () => [...exampleRows(), ...faultRows()] },
  {
    name: 'TestRedirectsFileWithIfNoneMatchHeader',
    rows: () => spaRows(subdomainOf(cars().spa.root), IMMUTABLE),
  },
  { name: 'beyond the suite: _redirects', rows: beyondRows },
]

/** The same over hosts with a DNSLink. */
export const redirectsNameGroups: readonly ConformanceGroup[] = [
  {
    name: 'TestRedirectsFileSupportWithDNSLink',
    rows: () =>
      pageRows('dnslink-redirects-examples.example.org:8080', {
        'cache-control': MUTABLE,
        date: /./,
      }),
  },
  {
    name: 'TestRedirectsFileWithIfNoneMatchHeader',
    rows: () => spaRows('dnslink-enabled-with-spa.example.org:8080', MUTABLE),
  },
]
