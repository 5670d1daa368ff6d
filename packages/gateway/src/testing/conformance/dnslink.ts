/**
 * The groups TestDNSLinkGateway* of the conformance suite, v0.13.2, from the rules; and what the
 * suite does not ask of DNSLink hosts.
 * @module
 */
import { FixtureCar } from './fixtures.ts'
import { siteRows, slashRows } from './folders.ts'
import type { ConformanceGroup } from './groups.ts'
import { onHost } from './subdomains.ts'
import type { ConformanceCase } from './table.ts'

const LISTING = 'dnslink-dir-listing.example.org'
const SUBPATH = 'dnslink-subpath.example.org'
const OVER_IPNS = 'dnslink-over-ipns.example.org'
const HELLO = /^hello\n$/
/** A name may change: absent, or with an age of its own. */
const MUTABLE = /^(?:public, max-age=\d+)?$/

function listingRows(): ConformanceCase[] {
  const file = new FixtureCar('dir_listing/fixtures.car').at('ą', 'ę', 'file-źł.txt')
  const crumbs =
    `/ipns/<a href="//${LISTING}/">${LISTING}</a>/<a href="//${LISTING}/%C4%85">ą</a>` +
    `/<a href="//${LISTING}/%C4%85/%C4%99">ę</a>`
  const hash = `href="https://cid.ipfs.tech/#${file}" target="_blank" rel="noreferrer noopener"`
  const rows = siteRows(crumbs, hash)
  return rows.map((row) => onHost(LISTING, row))
}

function subpathRows(): ConformanceCase[] {
  const name = 'the path of the record comes before the one that is asked'
  const path = '/root3/root4/index.html'
  return [onHost(SUBPATH, { name, path, status: 200, body: HELLO })]
}

function overIpnsRows(): ConformanceCase[] {
  return [
    ['a link to a peer id', OVER_IPNS],
    ['a link to a key as CID', 'dnslink-over-ipns-cidv1.example.org'],
  ].map(([name, host]) => onHost(host!, { name: name!, path: '/', status: 200, body: HELLO }))
}

function furtherRows(): ConformanceCase[] {
  const car = new FixtureCar('gateway-cache/fixtures.car')
  const { root } = new FixtureCar('dir_listing/fixtures.car')
  const file = car.at('root2', 'root3', 'root4', 'index.html')
  const path = '/root3/root4/index.html'
  const wants = { 'x-ipfs-path': `/ipns/${SUBPATH}${path}`, 'cache-control': MUTABLE }
  const found = { path, status: 200, wants, body: HELLO }
  return [
    onHost(`${SUBPATH}:8080`, { ...found, name: 'a host with a port' }),
    onHost(SUBPATH.toUpperCase(), { ...found, name: 'a host in upper case' }),
    onHost('127.0.0.1', {
      ...found,
      name: 'a host that a proxy passes on',
      headers: { 'x-forwarded-host': SUBPATH },
    }),
    onHost(SUBPATH, {
      ...found,
      name: 'unchanged by its ETag',
      headers: { 'if-none-match': `"${file}"` },
      status: 304,
      body: /^$/,
    }),
    onHost(SUBPATH, {
      name: 'roots go from the root of the record on',
      path,
      status: 200,
      wants: { 'x-ipfs-roots': [car.root, ...rootsOf(car)].join(',') },
    }),
    onHost(SUBPATH, { name: 'a path that is not there', path: '/a/b', status: 404 }),
    ...slashRows().map((row) => onHost(LISTING, row)),
    onHost(LISTING, {
      name: 'a path of IPFS is a path of the site',
      path: `/ipfs/${root}/`,
      status: 404,
    }),
    {
      name: 'a DNS name in a path',
      path: `/ipns/${SUBPATH}${path}`,
      headers: { host: '127.0.0.1' },
      status: 200,
      wants,
      body: HELLO,
    },
    onHost('fake.domain.com', {
      name: 'a host without a DNSLink is a path gateway',
      path: `/ipfs/${file}`,
      status: 200,
      body: HELLO,
    }),
  ]
}

/** CIDs of the segments of `/root2/root3/root4/index.html`. */
function rootsOf(car: FixtureCar): string[] {
  const names = ['root2', 'root3', 'root4', 'index.html']
  return names.map((_, i) => car.at(...names.slice(0, i + 1)))
}

/** Groups of spec dnslink-gateway. They need the suite's names, its records and no DNS. */
export const dnsLinkGroups: readonly ConformanceGroup[] = [
  { name: 'TestDNSLinkGatewayUnixFSDirectoryListing', rows: listingRows },
  { name: 'TestDNSLinkGatewayWithSubpath', rows: subpathRows },
  { name: 'TestDNSLinkGatewayIPNS', rows: overIpnsRows },
  { name: 'beyond the suite: DNSLink hosts', rows: furtherRows },
]
