/**
 * The group TestTar of the conformance suite, v0.13.2, from the rules; the suite computes that a
 * TAR with a path outside of its root fails, and never says so: here it counts.
 * @module
 */
import { FixtureCar } from './fixtures.ts'
import type { ConformanceGroup } from './groups.ts'
import type { ConformanceCase, Wants } from './table.ts'

const DIR = 'path_gateway_tar/'
const TYPE = 'application/x-tar'

function wantsOf(cid: string): Wants {
  return {
    'content-type': TYPE,
    'content-disposition': `attachment; filename="${cid}.tar"; filename*=UTF-8''${cid}.tar`,
    'content-length': undefined,
    'x-content-type-options': 'nosniff',
    'x-ipfs-path': `/ipfs/${cid}`,
    'x-ipfs-roots': cid,
    'cache-control': 'public, max-age=29030400, immutable',
    etag: `W/"${cid}.x-tar"`,
  }
}

function tarRows(): ConformanceCase[] {
  const car = new FixtureCar(`${DIR}fixtures.car`)
  const file = car.at('ą', 'ę', 'file-źł.txt')
  const folder = car.at('ą', 'ę')
  const inside = new FixtureCar(`${DIR}inside-root.car`)
  const outside = new FixtureCar(`${DIR}outside-root.car`)
  const wants = wantsOf(file)
  const tar = { [file]: car.bytes(file) }
  const path = `/ipfs/${file}`
  const insideFile = inside.bytes(inside.at('foobar', 'directory', '../file'))
  return [
    { name: 'a file by format', path: `${path}?format=tar`, status: 200, wants, tar },
    { name: 'a file by Accept', path, headers: { accept: TYPE }, status: 200, wants, tar },
    {
      name: 'a folder',
      path: `/ipfs/${folder}?format=tar`,
      status: 200,
      wants: wantsOf(folder),
      tar: { [folder]: null, [`${folder}/file-źł.txt`]: car.bytes(file) },
    },
    {
      name: 'a name of its own',
      path: `${path}?format=tar&filename=test%D1%82%D0%B5%D1%81%D1%82.tar`,
      status: 200,
      wants: {
        'content-disposition':
          `attachment; filename="test____.tar"; ` +
          `filename*=UTF-8''test%D1%82%D0%B5%D1%81%D1%82.tar`,
      },
      tar,
    },
    {
      name: 'a name that leads elsewhere inside of the root',
      path: `/ipfs/${inside.root}?format=tar`,
      status: 200,
      tar: {
        [inside.root]: null,
        [`${inside.root}/foobar`]: null,
        [`${inside.root}/foobar/directory`]: null,
        [`${inside.root}/foobar/file`]: insideFile,
      },
    },
    {
      name: 'a name that leads outside of the root fails',
      path: `/ipfs/${outside.root}?format=tar`,
      status: 422,
      wants: { etag: undefined, 'content-disposition': undefined, 'content-type': /^text\/plain/ },
    },
  ]
}

function otherRows(): ConformanceCase[] {
  const car = new FixtureCar(`${DIR}fixtures.car`)
  const folder = car.at('ą', 'ę')
  const file = car.at('ą', 'ę', 'file-źł.txt')
  const path = `/ipfs/${car.root}/%C4%85/%C4%99`
  const roots = [car.root, car.at('ą'), folder].join(',')
  const symlink = new FixtureCar('path_gateway_unixfs/symlink.car')
  const cbor = new FixtureCar('path_gateway_dag/dag-cbor-traversal.car')
  const outside = new FixtureCar(`${DIR}outside-root.car`)
  const tag = `W/"${folder}.x-tar"`
  const by = { path: `${path}?format=tar` }
  return [
    {
      name: 'the root is the CID that a path leads to',
      ...by,
      status: 200,
      wants: { ...wantsOf(folder), 'x-ipfs-path': path, 'x-ipfs-roots': roots },
      tar: { [folder]: null, [`${folder}/file-źł.txt`]: car.bytes(file) },
    },
    { name: 'HEAD', method: 'HEAD', ...by, status: 200, wants: { etag: tag }, body: /^$/ },
    {
      name: 'no change',
      ...by,
      headers: { 'if-none-match': tag },
      status: 304,
      wants: { etag: tag, 'content-type': undefined },
    },
    { name: 'no ranges', ...by, headers: { range: 'bytes=0-9' }, status: 200 },
    {
      name: 'the format wins over Accept',
      ...by,
      headers: { accept: 'application/vnd.ipld.car' },
      status: 200,
      wants: { 'content-type': TYPE },
    },
    {
      name: 'a symlink',
      path: `/ipfs/${symlink.root}?format=tar`,
      status: 200,
      tar: {
        [symlink.root]: null,
        [`${symlink.root}/bar`]: 'foo',
        [`${symlink.root}/foo`]: new TextEncoder().encode('content\n'),
      },
    },
    { name: 'what is no UnixFS', path: `/ipfs/${cbor.root}?format=tar`, status: 400 },
    {
      name: 'what such a folder has besides can be had',
      path: `/ipfs/${outside.root}/bar?format=tar`,
      status: 200,
      tar: { [outside.at('bar')]: outside.bytes(outside.at('bar')) },
    },
    {
      name: 'HEAD of what is missing',
      method: 'HEAD',
      path: `/ipfs/${file.slice(0, -4)}aaaa?format=tar`,
      status: 404,
    },
    { name: 'what is not there', path: `${path}/nothing?format=tar`, status: 404 },
  ]
}

/** Groups of spec path-tar-gateway. */
export const tarGroups: readonly ConformanceGroup[] = [
  { name: 'TestTar', rows: tarRows },
  { name: 'beyond the suite: TARs', rows: otherRows },
]
