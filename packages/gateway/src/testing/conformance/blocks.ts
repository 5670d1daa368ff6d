/**
 * The groups TestGatewayBlock and TestTrustlessRawRanges of the conformance suite, v0.13.2, from
 * the rules.
 * @module
 */
import { FixtureCar } from './fixtures.ts'
import type { ConformanceGroup } from './groups.ts'
import type { ConformanceCase, Wants } from './table.ts'

const TYPE = 'application/vnd.ipld.raw'
const headers = { accept: TYPE }

/** The block of a file in a folder, and that of the folder. */
function blockRows(): ConformanceCase[] {
  const car = new FixtureCar('gateway-raw-block.car')
  const dir = car.at('dir')
  const ascii = car.at('dir', 'ascii.txt')
  const path = `/ipfs/${car.root}/dir`
  const file = `${path}/ascii.txt`
  const wants: Wants = {
    'content-type': TYPE,
    'content-length': '31',
    'content-disposition': new RegExp(`^attachment; filename="${ascii}\\.bin"`),
    'x-content-type-options': 'nosniff',
  }
  const caching: Wants = {
    'cache-control': 'public, max-age=29030400, immutable',
    'x-ipfs-path': file,
    'x-ipfs-roots': [car.root, dir, ascii].join(','),
    etag: `"${ascii}.raw"`,
  }
  const folder = { status: 200, body: car.bytes(dir) }
  return [
    { name: 'a folder by format', path: `${path}?format=raw`, ...folder },
    { name: 'a folder by Accept', path, headers, ...folder },
    { name: 'a file by Accept', path: file, headers, status: 200, wants, body: car.bytes(ascii) },
    {
      name: 'a file by format',
      path: `${file}?format=raw`,
      status: 200,
      wants,
      body: car.bytes(ascii),
    },
    {
      name: 'a name of its own',
      path: `${file}?filename=foobar.bin`,
      headers,
      status: 200,
      wants: { 'content-disposition': /^attachment; filename="foobar\.bin"/ },
    },
    { name: 'its caching', path: file, headers, status: 200, wants: caching },
  ]
}

/** Ranges of a block; of several, the suite takes the first, the whole, or all as multipart. */
function rangeRows(): ConformanceCase[] {
  const car = new FixtureCar('gateway-raw-block.car')
  const cid = car.at('dir', 'ascii.txt')
  const content = car.bytes(cid)
  return [
    {
      name: 'one range',
      path: `/ipfs/${cid}`,
      headers: { ...headers, range: 'bytes=6-16' },
      status: 206,
      wants: {
        'content-type': TYPE,
        'content-range': 'bytes 6-16/31',
        'content-length': '11',
        'accept-ranges': 'bytes',
        etag: `"${cid}.raw"`,
      },
      body: content.subarray(6, 17),
    },
    {
      name: 'several ranges',
      path: `/ipfs/${cid}`,
      headers: { ...headers, range: 'bytes=6-9,12-16' },
      status: 206,
      multipart: {
        content,
        type: TYPE,
        ranges: [
          [6, 9],
          [12, 16],
        ],
      },
    },
  ]
}

function furtherRows(): ConformanceCase[] {
  const car = new FixtureCar('gateway-raw-block.car')
  const cid = car.at('dir', 'ascii.txt')
  const content = car.bytes(cid)
  const row = (range: string, got: string, body: Uint8Array): ConformanceCase => ({
    name: range,
    path: `/ipfs/${cid}?format=raw`,
    headers: { range },
    status: 206,
    wants: { 'content-range': got },
    body,
  })
  return [
    row('bytes=-3', 'bytes 28-30/31', content.subarray(28)),
    row('bytes=-99', 'bytes 0-30/31', content),
    row('bytes=28-99', 'bytes 28-30/31', content.subarray(28)),
    {
      name: 'ranges that touch',
      path: `/ipfs/${cid}?format=raw`,
      headers: { range: 'bytes=0-3,4-7' },
      status: 206,
      wants: { 'content-range': undefined },
      multipart: {
        content,
        type: TYPE,
        ranges: [
          [0, 3],
          [4, 7],
        ],
      },
    },
    {
      name: 'a range beyond',
      path: `/ipfs/${cid}?format=raw`,
      headers: { range: 'bytes=31-' },
      status: 416,
      wants: { 'content-range': 'bytes */31', etag: undefined },
    },
    {
      name: 'a range that makes no sense',
      path: `/ipfs/${cid}?format=raw`,
      headers: { range: 'bytes=9-3' },
      status: 200,
      body: content,
    },
  ]
}

/** Groups of spec path-raw-gateway, and of trustless-block-gateway about ranges. */
export const blockGroups: readonly ConformanceGroup[] = [
  { name: 'TestGatewayBlock', rows: blockRows },
  { name: 'TestTrustlessRawRanges', rows: rangeRows },
  { name: 'beyond the suite: ranges of raw blocks', rows: furtherRows },
]
