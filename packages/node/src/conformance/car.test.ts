/**
 * The groups TestTrustlessCar* of the conformance suite, v0.13.2, from the rules: 59 requests.
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FixtureCar, absent } from './fixtures.ts'
import { conformance, faults, send, deploymentOf, type ConformanceCase, type Wants } from './rig.ts'

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

const cars = absent ? [] : Object.values(fixtures()).map(({ path }) => path)

function scopeRows(): Row[] {
  const { single, mixed, hamt, cbor } = fixtures()
  const subdir = single.at('subdir')
  const ascii = single.at('subdir', 'ascii.txt')
  const multi = mixed.at('subdir', 'multiblock.txt')
  const document = cbor.at('document')
  const toMulti = [mixed.root, mixed.at('subdir'), multi, ...mixed.children(multi)]
  const hello = mixed.at('subdir', 'hello.txt')
  const below685 = hamt.children(hamt.shardsTo('685.txt').at(-1)!)
  const entity = 'dag-scope=entity'
  return [
    ['path', `/ipfs/${single.root}/subdir/ascii.txt`, '', [single.root, subdir, ascii]],
    ['path in HAMT', `/ipfs/${hamt.root}/685.txt`, '', [...hamt.shardsTo('685.txt'), ...below685]],
    ['path in dag-cbor', `/ipfs/${document}/files/single`, '', [document, hello]],
    ['block: folder', `/ipfs/${single.root}/subdir`, 'dag-scope=block', [single.root, subdir]],
    [
      'block: file',
      `/ipfs/${single.root}/subdir/ascii.txt`,
      'dag-scope=block',
      [single.root, subdir, ascii],
    ],
    ['block: in HAMT', `/ipfs/${hamt.root}/1.txt`, 'dag-scope=block', hamt.shardsTo('1.txt')],
    ['entity: folder', `/ipfs/${single.root}`, entity, [single.root]],
    ['entity: HAMT', `/ipfs/${hamt.root}`, entity, hamt.shards()],
    [
      'entity: file',
      `/ipfs/${mixed.root}/subdir/ascii.txt`,
      entity,
      [mixed.root, mixed.at('subdir'), mixed.at('subdir', 'ascii.txt')],
    ],
    ['entity: file of chunks', `/ipfs/${mixed.root}/subdir/multiblock.txt`, entity, toMulti],
    ['entity: dag-cbor', `/ipfs/${cbor.root}/document`, entity, [cbor.root, document]],
    [
      'all: folder',
      `/ipfs/${mixed.root}/subdir`,
      'dag-scope=all',
      [...toMulti.slice(0, 2), ...mixed.children(toMulti[1]!), ...toMulti.slice(3)],
    ],
    ['all: file', `/ipfs/${mixed.root}/subdir/multiblock.txt`, 'dag-scope=all', toMulti],
  ]
}

function bytesRows(): Row[] {
  const { mixed, hamt, hole } = fixtures()
  const multi = mixed.at('subdir', 'multiblock.txt')
  const leaves = mixed.children(multi)
  const whole = [mixed.root, mixed.at('subdir'), multi, ...leaves]
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
    ['entity-bytes of a file', `/ipfs/${mixed.root}/subdir/multiblock.txt`, all, whole],
    ['entity-bytes of a folder', `/ipfs/${hamt.root}`, all, hamt.shards()],
    of('512:*', 2, 5),
    of('512:1023', 2, 4),
    of('512:-256', 2, 4),
    of('-5:*', 3, 5),
    of('-9999:*', 0, 5),
    of('-9999:-3', 0, 4),
    of('0:0', 0, 1),
    ofHole('0:1000', before!),
    ofHole('2200:*', after!),
    ['entity-bytes implies entity', `/ipfs/${multi}`, 'entity-bytes=0:0', [multi, leaves[0]!]],
  ]
}

conformance('TestTrustlessCarPathing, DagScope*', cars, () => scopeRows().flatMap(bothWays))
conformance('TestTrustlessCarEntityBytes', cars, () => bytesRows().flatMap(bothWays))

conformance('TestTrustlessCarFormatPrecedence', cars, () => {
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
})

conformance('TestTrustlessCarOrderAndDuplicates', cars, () => {
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
})

conformance('what the suite does not ask of a CAR', cars, () => {
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
      name: 'a path that is not there',
      path: `/ipfs/${single.root}/subdir/nothing?format=car`,
      status: 404,
    },
    { name: 'a block that is missing', path: `/ipfs/${hole.root}?format=car`, status: 404 },
    {
      name: 'a name with the last segment',
      path: `/ipfs/${single.root}/subdir?format=car`,
      status: 200,
      wants: { 'content-disposition': new RegExp(`filename="${single.root}_subdir\\.car"`) },
    },
  ]
})

test('tags of CARs differ where the bytes do', { skip: absent }, async (t) => {
  const { mixed } = fixtures()
  const deployment = await deploymentOf(t, [mixed.path])
  const tagOf = async (path: string, query: string): Promise<string> => {
    const target = `/ipfs/${mixed.root}${path}?format=car${query}`
    const { headers } = await send(deployment.url, { method: 'HEAD', path: target })
    return headers['etag'] as string
  }
  const paths = ['', '/subdir', '/subdir/multiblock.txt']
  const queries = ['', '&dag-scope=entity', '&dag-scope=block', '&car-dups=y', '&entity-bytes=0:1']
  const tags = await Promise.all(paths.flatMap((path) => queries.map((q) => tagOf(path, q))))
  assert.equal(new Set(tags).size, tags.length)
  assert.equal(await tagOf('', ''), await tagOf('', '&dag-scope=all&car-order=dfs&x=y'))
})

test('a wrong status, header, body, order or block is found', { skip: absent }, () => {
  const { single } = fixtures()
  const row = { name: '', path: '', status: 200, wants: { a: 'b', c: undefined }, body: /x/ }
  const right = { status: 200, headers: { a: 'b' }, body: Buffer.from('x') }
  assert.deepEqual(faults(row, right), [])
  for (const wrong of [{ status: 1 }, { headers: {} }, { headers: { a: 'b', c: '' } }])
    assert.equal(faults(row, { ...right, ...wrong }).length, 1)
  assert.equal(faults(row, { ...right, body: Buffer.of(0x79) }).length, 1)
  assert.equal(faults({ name: '', path: '', status: 200, car: [single.root] }, right).length, 1)
})
