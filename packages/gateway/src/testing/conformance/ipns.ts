/**
 * The groups of specs path-ipns-gateway and trustless-ipns-gateway of the conformance suite,
 * v0.13.2, from the rules; and what the suite does not ask of IPNS names.
 * @module
 */
import { nameOfEd25519 } from '@turnpike/core/ipns/key'
import { ipnsNameToString } from '@turnpike/core/ipns/name'
import { FixtureCar, fixtureRecords } from './fixtures.ts'
import { pageOf } from './folders.ts'
import type { ConformanceGroup } from './groups.ts'
import type { ConformanceCase, Wants } from './table.ts'

/** Names of the suite, by the record that they have. */
const V1 = 'k51qzi5uqu5dm4tm0wt8srkg9h9suud4wuiwjimndrkydqm81cqtlb5ak6p7ku'
const V1_V2 = 'k51qzi5uqu5dlkw8pxuw9qmqayfdeh4kfebhmreauqdc6a7c3y7d5i9fi8mk9w'
const V2 = 'k51qzi5uqu5dit2ku9mutlfgwyz8u730on38kd10m97m36bjt66my99hb6103f'
const BROKEN_V1_VALUE = 'k51qzi5uqu5dlmit2tuwdvnx4sbnyqgmvbxftl0eo3f33wwtb9gr7yozae9kpw'
const BROKEN_V1_SIGNATURE = 'k51qzi5uqu5dilgf7gorsh9vcqqq4myo6jd4zmqkuy9pxyxi5fua3uf7axph4y'
const BROKEN_V2_SIGNATURE = 'k51qzi5uqu5diamp7qnnvs1p1gzmku3eijkeijs3418j23j077zrkok63xdm8c'
const SITE = 'k51qzi5uqu5dlxdsdu5fpuu7h69wu4ohp32iwm9pdt9nq3y5rpn3ln9j12zfhe'
const SUBPATH = 'k51qzi5uqu5djokp3m1keo36hoxtd6u3a1d2rg1camf6al7p3huy63dojlm57c'
const DAG_JSON = 'k51qzi5uqu5dhjghbwdvbo6mi40htrq6e2z4pwgp15pgv3ho1azvidttzh8yy2'
const DAG_CBOR = 'k51qzi5uqu5dghjous0agrwavl8vzl64xckoqzwqeqwudfr74kfd11zcyk3b7l'
/** A name that nobody has published. */
const UNKNOWN: string = ipnsNameToString(nameOfEd25519(new Uint8Array(32)))

const TYPE = 'application/vnd.ipfs.ipns-record'
/** A name may change: absent, or with an age of its own; never immutable. */
const MUTABLE = /^(?:public, max-age=\d+(?:, stale-while-revalidate=\d+)?)?$/
const HELLO = /^hello\n$/

function recordOf(name: string): Uint8Array {
  return fixtureRecords().find((record) => record.name === name)!.bytes
}

function recordWants(name: string): Wants {
  return {
    'content-type': TYPE,
    'content-disposition': new RegExp(`^attachment; filename="${name}\\.ipns-record"`),
    'cache-control': 'public, max-age=1800',
    'x-content-type-options': 'nosniff',
    'content-length': String(recordOf(name).length),
    'x-ipfs-path': `/ipns/${name}`,
    etag: /^"[0-9a-f]{64}"$/,
  }
}

function recordRows(): ConformanceCase[] {
  const rows = [V1_V2, V2].flatMap((name) => {
    const path = `/ipns/${name}`
    const answered = { status: 200, wants: recordWants(name), body: recordOf(name) }
    return [
      { name: `${name} by format`, path: `${path}?format=ipns-record`, ...answered },
      { name: `${name} by Accept`, path, headers: { accept: TYPE }, ...answered },
    ]
  })
  const named = `/ipns/${V1_V2}?format=ipns-record&filename=test%D1%82.ipns`
  const wants = { 'content-disposition': /^attachment; filename="test_\.ipns"; filename\*=/ }
  return [...rows, { name: '?filename', path: named, status: 200, wants }]
}

function pathRows(): ConformanceCase[] {
  const found = (name: string, key: string, text: RegExp): ConformanceCase => ({
    name,
    path: `/ipns/${key}`,
    status: 200,
    wants: { 'cache-control': 'public, max-age=1800' },
    body: text,
  })
  const refused = (name: string, key: string): ConformanceCase => ({
    name,
    path: `/ipns/${key}`,
    status: 502,
    wants: { 'cache-control': 'no-store', etag: undefined },
  })
  return [
    refused('version 1 alone', V1),
    found('versions 1 and 2', V1_V2, /^v1\+v2 record$/),
    refused('a value of version 1 that differs', BROKEN_V1_VALUE),
    found(
      'a broken signature of version 1',
      BROKEN_V1_SIGNATURE,
      /^v1\+v2 with broken signature v1$/,
    ),
    refused('a broken signature of version 2', BROKEN_V2_SIGNATURE),
    found('version 2 alone', V2, /^v2-only record$/),
  ]
}

const site = (): FixtureCar => new FixtureCar('gateway-cache/fixtures.car')

function rootsOf(car: FixtureCar, ...names: string[]): string {
  return [car.root, ...names.map((_, i) => car.at(...names.slice(0, i + 1)))].join(',')
}

function cacheRows(): ConformanceCase[] {
  const car = site()
  const root = `/ipns/${SITE}/root2/root3/`
  const index = `${root}root4/`
  const file = `${index}index.html`
  const folderCid = car.at('root2', 'root3', 'root4')
  const fileCid = car.at('root2', 'root3', 'root4', 'index.html')
  const wants = (path: string, roots: string): Wants => ({
    'cache-control': MUTABLE,
    'x-ipfs-path': path,
    'x-ipfs-roots': roots,
  })
  const names = ['root2', 'root3', 'root4']
  const listing = pageOf('a listing', root, { has: ['Index of'] })
  return [
    { ...listing, wants: wants(root, rootsOf(car, 'root2', 'root3')) },
    {
      name: 'a folder with index.html',
      path: index,
      status: 200,
      wants: { ...wants(index, rootsOf(car, ...names)), etag: `"${folderCid}"` },
      body: HELLO,
    },
    {
      name: 'a file',
      path: file,
      status: 200,
      wants: { ...wants(file, rootsOf(car, ...names, 'index.html')), etag: `"${fileCid}"` },
      body: HELLO,
    },
    {
      name: 'HEAD of a file',
      method: 'HEAD',
      path: file,
      status: 200,
      wants: { 'cache-control': MUTABLE },
    },
    {
      name: 'a file that did not change',
      path: file,
      headers: { 'if-none-match': `"${fileCid}"` },
      status: 304,
      wants: { etag: `"${fileCid}"`, 'cache-control': MUTABLE },
      body: /^$/,
    },
  ]
}

function subpathRows(): ConformanceCase[] {
  const path = `/ipns/${SUBPATH}/root3/root4/index.html`
  const wants = { 'x-ipfs-path': path }
  return [{ name: 'the path of the record first', path, status: 200, wants, body: HELLO }]
}

function dagRows(): ConformanceCase[] {
  return ['json', 'cbor'].flatMap((plain) => {
    const car = new FixtureCar(`path_gateway_dag/dag-${plain}-traversal.car`)
    const path = `/ipns/${plain === 'json' ? DAG_JSON : DAG_CBOR}`
    const type = `application/vnd.ipld.dag-${plain}`
    const body = car.bytes(car.root)
    const wants = {
      'content-type': type,
      'content-length': String(body.length),
      'content-disposition': new RegExp(`filename="${car.root}\\.${plain}"`),
      'x-ipfs-path': path,
      'x-ipfs-roots': car.root,
      'cache-control': MUTABLE,
      etag: `"${car.root}.dag-${plain}"`,
    }
    return [
      { name: `dag-${plain} by default`, path, status: 200, wants, body },
      {
        name: `dag-${plain} by format`,
        path: `${path}?format=dag-${plain}`,
        status: 200,
        wants,
        body,
      },
      { name: `dag-${plain} by Accept`, path, headers: { accept: type }, status: 200, wants, body },
      {
        name: `HEAD dag-${plain}`,
        method: 'HEAD',
        path,
        status: 200,
        wants,
        body: new Uint8Array(),
      },
    ]
  })
}

function furtherRows(): ConformanceCase[] {
  const record = { headers: { accept: TYPE } }
  const path = `/ipns/${V2}`
  const routing = `/routing/v1/ipns/${V2}`
  const wants = { 'content-type': TYPE, 'cache-control': 'public, max-age=1800' }
  const none = `/routing/v1/ipns/${UNKNOWN}`
  return [
    ...[V1, BROKEN_V1_VALUE, BROKEN_V2_SIGNATURE].map((name) => ({
      name: `the record of ${name}, which is invalid`,
      path: `/ipns/${name}?format=ipns-record`,
      status: 200,
      wants: { 'cache-control': 'no-store', 'content-type': TYPE },
      body: recordOf(name),
    })),
    {
      name: 'HEAD of a record',
      method: 'HEAD',
      path,
      ...record,
      status: 200,
      wants: recordWants(V2),
      body: /^$/,
    },
    { name: 'a record of content', path: '/ipfs/bafkqaaa?format=ipns-record', status: 400 },
    { name: 'a record below a name', path: `${path}/a?format=ipns-record`, status: 400 },
    { name: 'a record of a DNS name', path: '/ipns/a.example', ...record, status: 400 },
    { name: 'a name without a record', path: `/ipns/${UNKNOWN}`, status: 404 },
    { name: 'a record that is not there', path: `/ipns/${UNKNOWN}`, ...record, status: 404 },
    { name: 'by the Delegated Routing API', path: routing, status: 200, wants, body: recordOf(V2) },
    { name: 'HEAD by that API', method: 'HEAD', path: routing, status: 200, wants, body: /^$/ },
    {
      name: 'none by that API',
      path: none,
      status: 404,
      wants: { 'content-type': /^text\/plain/ },
    },
    { name: 'no name by that API', path: '/routing/v1/ipns/a.example', status: 400 },
    { name: 'a name that is none', path: '/ipns/nothing', status: 400 },
    { name: 'a record put where none are taken', method: 'PUT', path: routing, status: 403 },
    { name: 'content put', method: 'PUT', path: '/ipfs/bafkqaaa', status: 405 },
  ]
}

/** Groups of names by IPNS. They need the suite's records. */
export const ipnsGroups: readonly ConformanceGroup[] = [
  { name: 'TestGatewayIPNSRecord', rows: recordRows },
  { name: 'TestGatewayIPNSPath', rows: pathRows },
  { name: 'TestGatewayIPNSRecordWithSubpath', rows: subpathRows },
  { name: 'TestGatewayCacheWithIPNS', rows: cacheRows },
  { name: 'TestGatewayJSONCborAndIPNS', rows: dagRows },
  { name: 'beyond the suite: IPNS names', rows: furtherRows },
]
