/**
 * The group TestTrustlessRaw of the conformance suite, v0.13.2, from the rules; and the probe that
 * the specification has.
 * @module
 */
import { FixtureCar } from './fixtures.ts'
import type { ConformanceGroup } from './groups.ts'
import type { ConformanceCase, Wants } from './table.ts'

const TYPE = 'application/vnd.ipld.raw'
const EMPTY = new Uint8Array(0)

function rawRows(): ConformanceCase[] {
  const car = new FixtureCar('gateway-raw-block.car')
  const cid = car.at('dir', 'ascii.txt')
  const path = `/ipfs/${cid}`
  const headers = { accept: TYPE }
  const body = car.bytes(cid)
  const caching: Wants = {
    'cache-control': 'public, max-age=29030400, immutable',
    'x-ipfs-path': path,
    'x-ipfs-roots': cid,
    etag: `"${cid}.raw"`,
  }
  const wants: Wants = {
    'content-type': TYPE,
    'content-length': String(body.length),
    'content-disposition': new RegExp(`^attachment; filename="${cid}\\.bin"`),
    'x-content-type-options': 'nosniff',
  }
  const named = { 'content-disposition': /^attachment; filename="foobar\.bin"/ }
  return [
    { name: 'by format', path: `${path}?format=raw`, status: 200, wants, body },
    { name: 'by Accept', path, headers, status: 200, wants, body },
    { name: 'its headers', path, headers, status: 200, wants },
    {
      name: 'a name of its own',
      path: `${path}?filename=foobar.bin`,
      headers,
      status: 200,
      wants: named,
    },
    { name: 'its caching', path, headers, status: 200, wants: caching },
  ]
}

function probeRows(): ConformanceCase[] {
  const car = new FixtureCar('gateway-raw-block.car')
  const cid = car.at('dir', 'ascii.txt')
  const wants = { 'content-type': TYPE, 'content-length': '31', etag: `"${cid}.raw"` }
  const path = `/ipfs/${cid}?format=raw`
  return [
    { name: 'HEAD', method: 'HEAD', path, status: 200, wants, body: EMPTY },
    { name: 'the probe', path: '/ipfs/bafkqaaa?format=raw', status: 200, body: EMPTY },
    { name: 'the probe as a CAR', path: '/ipfs/bafkqaaa?format=car', status: 200, car: [] },
    {
      name: 'the query wins over Accept',
      path,
      headers: { accept: 'application/vnd.ipld.car' },
      status: 200,
      wants,
    },
    {
      name: 'a block that is absent',
      path: '/ipfs/QmYzfKSE55XCjD1MW128RfciAf2DViABhEiXfgVFMabSjN?format=raw',
      status: 404,
      wants: { etag: undefined, 'content-disposition': undefined, 'cache-control': /no-store/ },
    },
  ]
}

/** Groups of spec trustless-block-gateway, but for ranges. */
export const trustlessRawGroups: readonly ConformanceGroup[] = [
  { name: 'TestTrustlessRaw', rows: rawRows },
  { name: 'beyond the suite: raw blocks', rows: probeRows },
]
