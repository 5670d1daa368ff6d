/**
 * The groups of the subdomain gateway in the conformance suite, v0.13.2, from the rules.
 * @module
 */
import { CID } from 'multiformats/cid'
import { FixtureCar } from './fixtures.ts'
import { pageOf, siteRows, slashRows } from './folders.ts'
import type { ConformanceGroup } from './groups.ts'
import type { ConformanceCase } from './table.ts'

/** The gateway's own name, with the port that clients send. */
export const GATEWAY = 'example.com:8080'
/** A name that the gateway does not know. */
const UNKNOWN = 'fake.domain.com'
const TOO_LONG = /CID incompatible with DNS label length limit of 63/

/** Host of a CID's own origin, in the base that is canonical. */
export function subdomainOf(cid: string): string {
  return `${CID.parse(cid).toV1().toString()}.ipfs.${GATEWAY}`
}

const data = (): FixtureCar => new FixtureCar('subdomain_gateway/fixtures.car')

/** A row for a host. */
export function onHost(host: string, row: ConformanceCase): ConformanceCase {
  return { ...row, headers: { host, ...row.headers } }
}

type Headers = NonNullable<ConformanceCase['headers']>

/** A row for a path on the gateway's own name, which leads to another address. */
export function moved(
  name: string,
  [path, location]: readonly [path: string, location: string],
  headers: Headers = {},
): ConformanceCase {
  return onHost(GATEWAY, { name, path, headers, status: 301, wants: { location } })
}

function listingRows(): ConformanceCase[] {
  const car = new FixtureCar('dir_listing/fixtures.car')
  const host = subdomainOf(car.root)
  const root = `//${GATEWAY}/ipfs/${car.root}`
  const file = car.at('ą', 'ę', 'file-źł.txt')
  const crumbs =
    `/ipfs/<a href="${root}">${car.root}</a>/<a href="${root}/%C4%85">ą</a>` +
    `/<a href="${root}/%C4%85/%C4%99">ę</a>`
  const hash = `href="//${GATEWAY}/ipfs/${file}?filename=file-%25C5%25BA%25C5%2582.txt"`
  const rows = siteRows(crumbs, hash)
  return rows.map((row) => onHost(host, row))
}

/** What paths on the gateway's own name lead to. */
function pathRows(): ConformanceCase[] {
  const car = data()
  const file = car.at('hello-CIDv1')
  const folder = car.at('testdirlisting')
  const long = car.at('hello-CIDv1_TOO_LONG')
  const percent = new FixtureCar('path_gateway_unixfs/dir-with-percent-encoded-filename.car')
  const name = 'Portugal%252C+Espa%C3%B1a=Peninsula%20Ib%C3%A9rica.txt'
  const to = (cid: string, rest = '/'): string => `http://${subdomainOf(cid)}${rest}`
  return [
    moved('a file', [`/ipfs/${file}`, to(file)]),
    moved('a folder', [`/ipfs/${folder}/`, to(folder)]),
    moved('a CID of version 0', [`/ipfs/${car.at('hello-CIDv0')}`, to(car.at('hello-CIDv0to1'))]),
    moved('path and query are kept as they are', [
      `/ipfs/${percent.root}/${name}?a=%20+b`,
      to(percent.root, `/${name}?a=%20+b`),
    ]),
    moved(
      'the scheme is that of the proxy in front',
      [`/ipfs/${file}`, `https://${subdomainOf(file)}/`],
      { 'x-forwarded-proto': 'https' },
    ),
    moved('a protocol handler', [
      `/ipfs/?uri=ipfs%3A%2F%2F${file}%2Fpath%2Fto%3Fq%3D1`,
      `/ipfs/${file}/path/to?q=1`,
    ]),
    onHost(GATEWAY, {
      name: 'a CID that is too long for a label',
      path: `/ipfs/${long}`,
      status: 400,
      body: TOO_LONG,
    }),
  ]
}

/** What lies below a subdomain. */
function originRows(): ConformanceCase[] {
  const car = data()
  const file = car.at('hello-CIDv1')
  const folder = car.at('testdirlisting')
  const root = `//${GATEWAY}/ipfs/${folder}`
  const hello = { status: 200, body: /^hello\n$/ }
  const inFolder = [
    pageOf('children lead to paths of the host', '/', {
      has: ['<a href="/hello">hello</a>', '<a href="/ipfs">ipfs</a>'],
    }),
    { name: 'a folder that is called api', path: '/api/file.txt', status: 200, body: /I am a txt/ },
    {
      name: 'a folder that is called ipfs',
      path: '/ipfs/file.txt',
      status: 200,
      body: /I am a txt/,
    },
    {
      name: 'folders that are called ipfs and ipns',
      path: '/ipfs/ipns/bar',
      status: 200,
      body: /^text-file-content/,
    },
    pageOf('way back and breadcrumbs through such folders', '/ipfs/ipns/', {
      has: [
        '<a href="/ipfs/ipns/..">..</a>',
        '<a href="/ipfs/ipns/bar">bar</a>',
        `/ipfs/<a href="${root}">${folder}</a>/<a href="${root}/ipfs">ipfs</a>` +
          `/<a href="${root}/ipfs/ipns">ipns</a>`,
      ],
    }),
    { name: 'a path that is not there', path: '/missing', status: 404 },
  ]
  const inFile = [
    { name: 'a file', path: '/', ...hello },
    { name: 'its CID again, as a path', path: `/ipfs/${file}`, status: 404 },
  ]
  return [
    ...inFile.map((row) => onHost(subdomainOf(file), row)),
    ...inFolder.map((row) => onHost(subdomainOf(folder), row)),
    onHost(subdomainOf(car.at('hello-CIDv0to1')), {
      name: 'a file of dag-pb',
      path: '/',
      ...hello,
    }),
    onHost(`${car.at('hello-CIDv1_TOO_LONG')}.ipfs.${GATEWAY}`, {
      name: 'a label that is too long',
      path: '/',
      status: 400,
      body: TOO_LONG,
    }),
  ]
}

/** Names that a proxy in front passes on, and those that nobody knows. */
function forwardedRows(): ConformanceCase[] {
  const car = data()
  const file = car.at('hello-CIDv1')
  const forwarded = (host: string, others: Headers = {}): Headers => ({
    'x-forwarded-host': host,
    ...others,
  })
  const path = `/ipfs/${file}`
  const rows: ConformanceCase[] = [
    { name: 'an unknown name is a path gateway', path, status: 200, body: /^hello\n$/ },
    {
      name: 'a forwarded gateway name',
      path,
      headers: forwarded(GATEWAY),
      status: 301,
      wants: { location: `http://${subdomainOf(file)}/` },
    },
    {
      name: 'a forwarded gateway name over https',
      path,
      headers: forwarded(GATEWAY, { 'x-forwarded-proto': 'https' }),
      status: 301,
      wants: { location: `https://${subdomainOf(file)}/` },
    },
    {
      name: 'a forwarded subdomain',
      path: '/',
      headers: forwarded(subdomainOf(file)),
      status: 200,
      body: /^hello\n$/,
    },
    {
      name: 'a path of a forwarded subdomain',
      path,
      headers: forwarded(subdomainOf(file)),
      status: 404,
    },
    {
      name: 'an unknown name over https',
      path,
      headers: { 'x-forwarded-proto': 'https' },
      status: 200,
    },
  ]
  return rows.map((row) => onHost(UNKNOWN, row))
}

function beyondRows(): ConformanceCase[] {
  const car = data()
  const v0 = car.at('hello-CIDv0')
  const file = car.at('hello-CIDv1')
  const label = subdomainOf(v0)
  const listed = new FixtureCar('dir_listing/fixtures.car').root
  return [
    onHost(`${v0}.ipfs.${GATEWAY}`, {
      name: 'a label of version 0 leads to the canonical one',
      path: '/a%2Fb?q',
      status: 301,
      wants: { location: `http://${label}/a%2Fb?q` },
    }),
    onHost(
      subdomainOf(file).replace(/^\w+/, (name) => name.toUpperCase()),
      {
        name: 'a host in capitals is the same host',
        path: '/',
        status: 200,
        body: /^hello\n$/,
      },
    ),
    onHost(subdomainOf(file).replace(':8080', ''), {
      name: 'a host without its port',
      path: '/',
      status: 200,
      wants: { 'x-ipfs-path': `/ipfs/${file}/` },
    }),
    onHost(`nothing.ipfs.${GATEWAY}`, { name: 'no CID', path: '/', status: 400 }),
    ...slashRows().map((row) => onHost(subdomainOf(listed), row)),
    onHost(`${file}.ipfs.example.com.evil.example`, {
      name: 'a name that only starts like ours',
      path: '/',
      status: 404,
    }),
    onHost(GATEWAY, { name: 'no namespace', path: '/', status: 404 }),
    onHost(GATEWAY, {
      name: 'a bad CID',
      path: '/ipfs/QmInvalidCID',
      status: 400,
      body: /invalid path/,
    }),
    onHost(GATEWAY, {
      name: 'OPTIONS is not redirected',
      method: 'OPTIONS',
      path: `/ipfs/${file}`,
      status: 204,
      wants: { 'access-control-allow-origin': '*' },
    }),
    {
      ...moved('a redirect carries the headers of other origins', [
        `/ipfs/${file}`,
        `http://${subdomainOf(file)}/`,
      ]),
      wants: { 'access-control-allow-origin': '*', location: `http://${subdomainOf(file)}/` },
    },
  ]
}

/** Groups of spec subdomain-ipfs-gateway. */
export const subdomainGroups: readonly ConformanceGroup[] = [
  { name: 'TestUnixFSDirectoryListingOnSubdomainGateway', rows: listingRows },
  {
    name: 'TestGatewaySubdomains',
    rows: () => [...pathRows(), ...originRows(), ...forwardedRows()],
  },
  { name: 'beyond the suite: subdomains', rows: beyondRows },
]
