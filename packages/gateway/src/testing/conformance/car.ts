/**
 * The groups TestTrustlessCar* of the conformance suite, v0.13.2, from the rules.
 * @module
 */
import { FixtureCar } from './fixtures.ts'
import type { ConformanceGroup } from './groups.ts'
import type { ConformanceCase, Wants } from './table.ts'

const DIR = 'trustless_gateway_car/'
const names = ['two-single-block-files', 'mixed-block-files'].map((n) => `${DIR}subdir-with-${n}`)
const CAR_TYPE = 'application/vnd.ipld.car'

const HEADERS: Wants = {
  'content-type': /^application\/vnd\.ipld\.car; version=1; order=dfs; dups=n$/,
  'content-length': undefined,
  'content-disposition': /^attachment; filename="[^"]+\.car"/,
  'x-content-type-options': 'nosniff',
  'accept-ranges': 'none',
  'cache-control': 'public, max-age=29030400, immutable',
  etag: /^W\/"[^"]+\.car\./,
}

/** A path, its query besides the format, and the blocks that must come, in order. */
type Row = readonly [name: string, path: string, query: string, blocks: readonly string[]]

/** Each row is asked for by `?format` and by Accept. */
function bothWays([name, path, query, car]: Row): ConformanceCase[] {
  const common = { status: 200, wants: HEADERS, car }
  const byAccept = query === '' ? path : `${path}?${query}`
  const byFormat = `${byAccept}${query === '' ? '?' : '&'}format=car`
  return [
    { name: `${name} (format)`, path: byFormat, ...common },
    { name: `${name} (Accept)`, path: byAccept, headers: { accept: CAR_TYPE }, ...common },
  ]
}

function fixtures(): Record<'single' | 'mixed' | 'hamt' | 'cbor' | 'twice' | 'hole', FixtureCar> {
  return {
    single: new FixtureCar(`${names[0]}.car`),
    mixed: new FixtureCar(`${names[1]}.car`),
    hamt: new FixtureCar(`${DIR}single-layer-hamt-with-multi-block-files.car`),
    cbor: new FixtureCar(`${DIR}dir-with-dag-cbor-with-links.car`),
    twice: new FixtureCar(`${DIR}dir-with-duplicate-files.car`),
    hole: new FixtureCar(`${DIR}file-3k-and-3-blocks-missing-block.car`),
  }
}

function pathRows(): Row[] {
  const { single, hamt, cbor, mixed } = fixtures()
  const ascii = single.at('subdir', 'ascii.txt')
  const document = cbor.at('document')
  const below685 = hamt.children(hamt.shardsTo('685.txt').at(-1)!)
  return [
    ['folder', `/ipfs/${single.root}/subdir/ascii.txt`, '', [...toSubdir(single), ascii]],
    ['HAMT', `/ipfs/${hamt.root}/685.txt`, '', [...hamt.shardsTo('685.txt'), ...below685]],
    ['dag-cbor', `/ipfs/${document}/files/single`, '', [document, mixed.at('subdir', 'hello.txt')]],
  ]
}

/** A path that leads nowhere: 404 before any block, of all answers that the suite takes. */
function absentRows(): ConformanceCase[] {
  const path = `/ipfs/${fixtures().single.root}/subdir/nothing.txt`
  return [
    { name: 'missing (format)', path: `${path}?format=car`, status: 404 },
    { name: 'missing (Accept)', path, headers: { accept: CAR_TYPE }, status: 404 },
  ]
}

function blockRows(): Row[] {
  const { single, hamt } = fixtures()
  const block = 'dag-scope=block'
  const path = `/ipfs/${single.root}/subdir`
  const ascii = single.at('subdir', 'ascii.txt')
  return [
    ['folder', path, block, toSubdir(single)],
    ['file', `${path}/ascii.txt`, block, [...toSubdir(single), ascii]],
    ['in HAMT', `/ipfs/${hamt.root}/1.txt`, block, hamt.shardsTo('1.txt')],
  ]
}

function entityRows(): Row[] {
  const { single, mixed, hamt, cbor } = fixtures()
  const entity = 'dag-scope=entity'
  const path = `/ipfs/${mixed.root}/subdir`
  const ascii = mixed.at('subdir', 'ascii.txt')
  return [
    ['folder', `/ipfs/${single.root}`, entity, [single.root]],
    ['HAMT', `/ipfs/${hamt.root}`, entity, hamt.shards()],
    ['file', `${path}/ascii.txt`, entity, [...toSubdir(mixed), ascii]],
    ['file of chunks', `${path}/multiblock.txt`, entity, toMulti(mixed)],
    ['dag-cbor', `/ipfs/${cbor.root}/document`, entity, [cbor.root, cbor.at('document')]],
  ]
}

function allRows(): Row[] {
  const { mixed } = fixtures()
  const all = 'dag-scope=all'
  const path = `/ipfs/${mixed.root}/subdir`
  const multi = mixed.at('subdir', 'multiblock.txt')
  const withLeaves = (cid: string): string[] =>
    cid === multi ? [cid, ...mixed.children(cid)] : [cid]
  const below = mixed.children(mixed.at('subdir')).flatMap(withLeaves)
  return [
    ['folder', path, all, [...toSubdir(mixed), ...below]],
    ['file', `${path}/multiblock.txt`, all, toMulti(mixed)],
  ]
}

function toSubdir(car: FixtureCar): string[] {
  return [car.root, car.at('subdir')]
}

function toMulti(car: FixtureCar): string[] {
  const multi = car.at('subdir', 'multiblock.txt')
  return [...toSubdir(car), multi, ...car.children(multi)]
}

function bytesRows(): Row[] {
  const { mixed, hamt, hole } = fixtures()
  const multi = mixed.at('subdir', 'multiblock.txt')
  const leaves = mixed.children(multi)
  const of = (bytes: string, first: number, end: number): Row => [
    `entity-bytes=${bytes}`,
    `/ipfs/${multi}`,
    `dag-scope=entity&entity-bytes=${bytes}`,
    [multi, ...leaves.slice(first, end)],
  ]
  const [before, , after] = hole.children(hole.root)
  const ofHole = (bytes: string, leaf: string): Row => [
    `entity-bytes=${bytes} beside a missing block`,
    `/ipfs/${hole.root}`,
    `dag-scope=entity&entity-bytes=${bytes}`,
    [hole.root, leaf],
  ]
  const all = 'dag-scope=entity&entity-bytes=0:*'
  return [
    ['a file', `/ipfs/${mixed.root}/subdir/multiblock.txt`, all, toMulti(mixed)],
    ['a folder', `/ipfs/${hamt.root}`, all, hamt.shards()],
    of('512:*', 2, 5),
    of('512:1023', 2, 4),
    of('512:-256', 2, 4),
    of('-5:*', 3, 5),
    of('-9999:*', 0, 5),
    of('-9999:-3', 0, 4),
    of('0:0', 0, 1),
    ofHole('0:1000', before!),
    ofHole('2200:*', after!),
  ]
}

function precedenceRows(): ConformanceCase[] {
  const { single } = fixtures()
  const path = `/ipfs/${single.root}/subdir/ascii.txt`
  const ascii = single.at('subdir', 'ascii.txt')
  const car = [single.root, single.at('subdir'), ascii]
  const raw = { accept: 'application/vnd.ipld.raw' }
  return [
    {
      name: 'format=car',
      path: `${path}?format=car`,
      headers: raw,
      status: 200,
      wants: HEADERS,
      car,
    },
    {
      name: 'format=raw',
      path: `${path}?format=raw`,
      headers: { accept: CAR_TYPE },
      status: 200,
      wants: { 'content-type': 'application/vnd.ipld.raw' },
      body: single.bytes(ascii),
    },
  ]
}

function orderRows(): ConformanceCase[] {
  const { twice } = fixtures()
  const multi = twice.at('multiblock.txt')
  const once = [...new Set([twice.root, ...twice.children(twice.root), ...twice.children(multi)])]
  const often = [twice.root, ...twice.children(twice.root), ...twice.children(multi)]
  const of = (
    type: string,
    query: string,
    car: readonly string[],
    got: string,
  ): ConformanceCase => ({
    name: `${type}?${query}`,
    path: `/ipfs/${twice.root}?${query}`,
    headers: { accept: `${CAR_TYPE}${type}` },
    status: 200,
    wants: { ...HEADERS, 'content-type': `${CAR_TYPE}; version=1; ${got}` },
    car,
  })
  const inlined = 'bafkqabtimvwgy3yk'
  return [
    of('; version=1; order=dfs; dups=y', '', often, 'order=dfs; dups=y'),
    of('; version=1; order=dfs; dups=n', '', once, 'order=dfs; dups=n'),
    of('; version=1; order=unk; dups=n', '', once, 'order=unk; dups=n'),
    of('; dups=y', 'format=car', often, 'order=dfs; dups=y'),
    of('; dups=n', 'format=car&car-dups=y&car-order=dfs', often, 'order=dfs; dups=y'),
    {
      name: 'an identity root has no blocks',
      path: `/ipfs/${inlined}?format=car&car-dups=y`,
      status: 200,
      car: [],
    },
    {
      name: 'HEAD',
      method: 'HEAD',
      path: `/ipfs/${twice.root}?format=car`,
      status: 200,
      wants: HEADERS,
      body: new Uint8Array(0),
    },
  ]
}

function otherRows(): ConformanceCase[] {
  const { single, mixed, hole } = fixtures()
  const multi = mixed.at('subdir', 'multiblock.txt')
  const bad = [
    'car-version=2',
    'car-order=bfs',
    'car-dups=yes',
    'dag-scope=some',
    'entity-bytes=5',
    'entity-bytes=a:b',
    'entity-bytes=9:3',
    'entity-bytes=-3:-9',
    'entity-bytes=2000:*',
  ]
  return [
    ...bad.map((query) => ({
      name: query,
      path: `/ipfs/${multi}?format=car&${query}`,
      status: 400,
      wants: { etag: undefined, 'content-disposition': undefined },
    })),
    {
      name: 'entity-bytes implies entity',
      path: `/ipfs/${multi}?format=car&entity-bytes=0:0`,
      status: 200,
      wants: HEADERS,
      car: [multi, mixed.children(multi)[0]!],
    },
    { name: 'a block that is missing', path: `/ipfs/${hole.root}?format=car`, status: 404 },
    {
      name: 'a name with the last segment',
      path: `/ipfs/${single.root}/subdir?format=car`,
      status: 200,
      wants: { 'content-disposition': new RegExp(`filename="${single.root}_subdir\\.car"`) },
    },
  ]
}

/** Groups of specs trustless-car-gateway and trustless-car-gateway-optional. */
export const carGroups: readonly ConformanceGroup[] = [
  {
    name: 'TestTrustlessCarPathing',
    rows: () => [...pathRows().flatMap(bothWays), ...absentRows()],
  },
  { name: 'TestTrustlessCarDagScopeBlock', rows: () => blockRows().flatMap(bothWays) },
  { name: 'TestTrustlessCarDagScopeEntity', rows: () => entityRows().flatMap(bothWays) },
  { name: 'TestTrustlessCarDagScopeAll', rows: () => allRows().flatMap(bothWays) },
  { name: 'TestTrustlessCarEntityBytes', rows: () => bytesRows().flatMap(bothWays) },
  { name: 'TestTrustlessCarFormatPrecedence', rows: precedenceRows },
  { name: 'TestTrustlessCarOrderAndDuplicates', rows: orderRows },
  { name: 'beyond the suite: CARs', rows: otherRows },
]
