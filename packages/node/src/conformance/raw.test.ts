/**
 * The groups TestTrustlessRaw, TestTrustlessRawRanges and TestGatewayBlock of the conformance
 * suite, v0.13.2, from the rules.
 * @module
 */
import { FixtureCar, absent } from './fixtures.ts'
import { conformance, type ConformanceCase } from './rig.ts'

const TYPE = 'application/vnd.ipld.raw'
const fixture = absent ? undefined : new FixtureCar('gateway-raw-block.car')

conformance('TestTrustlessRaw, TestGatewayBlock', fixture ? [fixture.path] : [], () => {
  const { root } = fixture!
  const dir = fixture!.at('dir')
  const ascii = fixture!.at('dir', 'ascii.txt')
  const body = fixture!.bytes(ascii)
  const accept = { accept: TYPE }
  const path = `/ipfs/${root}/dir/ascii.txt`
  const wants = {
    'content-type': TYPE,
    'content-length': '31',
    'content-disposition': new RegExp(`^attachment; filename="${ascii}\\.bin"`),
    'x-content-type-options': 'nosniff',
    'cache-control': 'public, max-age=29030400, immutable',
    'x-ipfs-path': path,
    'x-ipfs-roots': [root, dir, ascii].join(','),
    etag: `"${ascii}.raw"`,
  }
  const row = (more: Partial<ConformanceCase> & { name: string }): ConformanceCase => ({
    path,
    headers: accept,
    status: 200,
    ...more,
  })
  const range = (text: string): Partial<ConformanceCase> => ({
    headers: { ...accept, range: text },
  })
  return [
    row({ name: 'by Accept', wants, body }),
    row({ name: 'by format', path: `${path}?format=raw`, headers: {}, wants, body }),
    row({ name: 'HEAD', method: 'HEAD', wants, body: new Uint8Array(0) }),
    row({ name: 'a folder', path: `/ipfs/${root}/dir`, body: fixture!.bytes(dir) }),
    row({ name: 'a folder by CID', path: `/ipfs/${dir}`, body: fixture!.bytes(dir) }),
    row({
      name: 'the query wins',
      headers: { accept: 'application/vnd.ipld.car' },
      path: `${path}?format=raw`,
      wants,
    }),
    row({
      name: 'a name of its own',
      path: `${path}?filename=foobar.bin`,
      wants: { 'content-disposition': /^attachment; filename="foobar\.bin"/ },
    }),
    row({
      name: 'one range',
      ...range('bytes=6-16'),
      status: 206,
      wants: { 'content-range': 'bytes 6-16/31', 'content-length': '11', 'content-type': TYPE },
      body: body.subarray(6, 17),
    }),
    row({
      name: 'a suffix',
      ...range('bytes=-3'),
      status: 206,
      wants: { 'content-range': 'bytes 28-30/31' },
      body: body.subarray(28),
    }),
    row({ name: 'a range beyond', ...range('bytes=31-'), status: 416 }),
    row({ name: 'the probe', path: '/ipfs/bafkqaaa', body: new Uint8Array(0) }),
    row({ name: 'the probe as a CAR', path: '/ipfs/bafkqaaa?format=car', car: [] }),
  ]
})
