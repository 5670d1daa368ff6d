/**
 * What the gateway answers over HTTP, as a table that each adapter runs: an adapter's answers have
 * the status, the fields and the bytes of the gateway's own.
 * @module
 */
import { encodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import { DAG_CBOR, linkToString, RAW } from '@turnpike/core/link'
import type { UnixfsBlock } from '@turnpike/core/unixfs/block'
import { PROFILES, type UnixfsProfile } from '@turnpike/core/unixfs/profile'
import { symlinkBlock } from '@turnpike/core/unixfs/symlink'
import { createGateway } from '../gateway.ts'
import { alice, drain, fileBlocks, folderBlocks, hasher, World, type Got } from './world.ts'

/** One request and the status of its answer. */
export interface HttpCase {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly status: number
}

/** Content of one space, and what is asked of it. */
export interface HttpTable {
  readonly blocks: readonly UnixfsBlock[]
  readonly cases: readonly HttpCase[]
}

/** Small chunks and folders make deep trees of small content. */
const profile: UnixfsProfile = {
  ...PROFILES['unixfs-v1-2025'],
  chunkBytes: 128 * 1024,
  fileLinksMax: 4,
}
/** Of all files: one that a runtime sends in several pieces. */
const LARGE_BYTES = 1_500_000
const utf8 = new TextEncoder()

function pattern(sizeBytes: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_, i) => (i * 31 + (i >> 8) * 17) & 0xff)
}

type Row = readonly [name: string, path: string, status: number, more?: Partial<HttpCase>]

function rangeOf(range: string, etag?: string): Partial<HttpCase> {
  return { headers: etag === undefined ? { range } : { range, 'if-range': etag } }
}

/** Content and rows. The content's CIDs stand in the rows. */
export function httpTable(): HttpTable {
  const large = fileBlocks(profile, pattern(LARGE_BYTES))
  const small = fileBlocks(profile, utf8.encode('a small file\n'))
  const index = fileBlocks(profile, utf8.encode('<!doctype html><title>x</title>'))
  const link = symlinkBlock(profile, hasher, utf8.encode('small.txt'))
  const folder = folderBlocks(profile, [
    ['large.bin', large.root],
    ['small.txt', small.root],
    ['link', link],
  ])
  const site = folderBlocks(profile, [
    ['index.html', index.root],
    ['folder', folder.at(-1)!],
  ])
  const many = Array.from({ length: 300 }, (_, i) => [`entry ${i}.txt`, small.root] as const)
  const hamt = folderBlocks({ ...profile, hamtThresholdBytes: 1000 } as UnixfsProfile, many)
  const all = [large, small, index].flatMap(({ blocks }) => blocks)
  const data = dataBlock()
  const cid = (blocks: readonly UnixfsBlock[]): string => linkToString(blocks.at(-1)!.link)
  const rows = rowsFor({
    large: linkToString(large.root.link),
    small: linkToString(small.root.link),
    folder: cid(folder),
    site: cid(site),
    hamt: cid(hamt),
    data: linkToString(data.link),
  })
  const cases = rows.map(([name, path, status, { method = 'GET', headers = {} } = {}]) => {
    return { name, method, path, headers, status }
  })
  return { blocks: [...all, link, ...folder, ...site, ...hamt, data], cases }
}

/** A block of dag-cbor: `{ "a": 1 }`. */
function dataBlock(): UnixfsBlock {
  const bytes = Uint8Array.of(0xa1, 0x61, 0x61, 0x01)
  const multihash = encodeMultihash(SHA2_256, hasher.sha256(bytes))
  const link = { version: 1, codec: DAG_CBOR, multihash } as const
  return { kind: 'leaf', link, bytes, fileBytes: 0, dagBytes: bytes.length }
}

type Cids = Readonly<Record<'large' | 'small' | 'folder' | 'site' | 'hamt' | 'data', string>>

function rowsFor(cids: Cids): Row[] {
  const { large, small, folder, site, hamt, data } = cids
  return [
    ['a small file', `/ipfs/${small}`, 200],
    ['a large file', `/ipfs/${large}`, 200],
    ['its first byte', `/ipfs/${large}`, 206, rangeOf('bytes=0-0')],
    ['a range over leaves', `/ipfs/${large}`, 206, rangeOf('bytes=131000-400000')],
    ['its tail', `/ipfs/${large}`, 206, rangeOf('bytes=-100')],
    ['an open range', `/ipfs/${large}`, 206, rangeOf('bytes=1000000-')],
    ['several ranges', `/ipfs/${large}`, 206, rangeOf('bytes=-100,0-0,131000-400000')],
    ['several ranges of a small file', `/ipfs/${small}`, 206, rangeOf('bytes=0-1,4-5')],
    ['ranges that touch', `/ipfs/${large}`, 206, rangeOf('bytes=0-99999,100000-199999')],
    ['too many ranges', `/ipfs/${small}`, 200, rangeOf(`bytes=${'0-0,'.repeat(20)}`)],
    ['a range behind the end', `/ipfs/${large}`, 416, rangeOf('bytes=9999999-')],
    ['a range no one understands', `/ipfs/${large}`, 200, rangeOf('lines=1-2')],
    ['a range of another tag', `/ipfs/${small}`, 200, rangeOf('bytes=0-0', '"other"')],
    ['a range of its tag', `/ipfs/${small}`, 206, rangeOf('bytes=0-0', `"${small}"`)],
    ['a folder', `/ipfs/${folder}/`, 200],
    ['a folder without slash', `/ipfs/${folder}`, 301],
    ['a file in a folder', `/ipfs/${folder}/small.txt`, 200],
    ['a file under another name', `/ipfs/${folder}/small.txt?filename=b.html`, 200],
    ['a symbolic link', `/ipfs/${folder}/link`, 200],
    ['an index page', `/ipfs/${site}/`, 200],
    ['a folder in a site', `/ipfs/${site}/folder/`, 200],
    ['a HAMT folder', `/ipfs/${hamt}/`, 200],
    ['an entry of a HAMT', `/ipfs/${hamt}/entry%20217.txt`, 200],
    ['a raw block', `/ipfs/${folder}?format=raw`, 200],
    ['a CAR of a file', `/ipfs/${large}?format=car`, 200],
    ['a CAR below a path', `/ipfs/${folder}/small.txt?format=car`, 200],
    ['a TAR of a folder', `/ipfs/${folder}?format=tar`, 200],
    ['a TAR of a HAMT', `/ipfs/${hamt}`, 200, { headers: { accept: 'application/x-tar' } }],
    ['HEAD of a TAR', `/ipfs/${folder}?format=tar`, 200, { method: 'HEAD' }],
    ['a TAR of what is no file', `/ipfs/${data}?format=tar`, 400],
    ['data', `/ipfs/${data}`, 200],
    ['a page about data', `/ipfs/${data}/`, 200, { headers: { accept: 'text/html' } }],
    ['the way to such a page', `/ipfs/${data}`, 301, { headers: { accept: 'text/html' } }],
    ['an identity CID', '/ipfs/bafkqaddimvwgy3zao5xxe3debi', 200],
    ['HEAD of a large file', `/ipfs/${large}`, 200, { method: 'HEAD' }],
    ['HEAD of a listing', `/ipfs/${folder}/`, 200, { method: 'HEAD' }],
    ['HEAD of what is absent', `/ipfs/${folder}/nothing`, 404, { method: 'HEAD' }],
    ['what the client has', `/ipfs/${small}`, 304, { headers: { 'if-none-match': `"${small}"` } }],
    ['what is not as the client has it', `/ipfs/${small}`, 412, { headers: { 'if-match': '"x"' } }],
    ['what is as the client has it', `/ipfs/${small}`, 200, { headers: { 'if-match': '*' } }],
    [
      'HEAD of an error for a browser',
      `/ipfs/${folder}/no`,
      404,
      { method: 'HEAD', headers: { accept: 'text/html' } },
    ],
    ['a name that is absent', `/ipfs/${folder}/nothing`, 404],
    ['a CID that nobody holds', `/ipfs/${absent(RAW)}`, 404],
    ['a codec that nobody reads', `/ipfs/${absent(DAG_CBOR)}`, 404],
    ['no CID', '/ipfs/not-a-cid', 400],
    ['no content path', '/elsewhere', 404],
    ['an escape of nothing', `/ipfs/${folder}/%ff`, 400],
    ['a format that there is not', `/ipfs/${small}?format=pdf`, 406],
    ['a space that does not hold it', `/ipfs/${small}?space=did:key:z6MkNobody`, 404],
    ['OPTIONS', `/ipfs/${small}`, 204, { method: 'OPTIONS' }],
    ['DELETE', `/ipfs/${small}`, 405, { method: 'DELETE' }],
  ]
}

function absent(codec: number): string {
  const multihash = encodeMultihash(SHA2_256, new Uint8Array(32).fill(7))
  return linkToString({ version: 1, codec, multihash })
}

/** What the gateway itself answers, over blocks in memory. */
export function referenceOf(table: HttpTable): (request: HttpCase) => Promise<Got> {
  const world = new World()
  world.put(alice, table.blocks)
  const gateway = createGateway(world.deps())
  return async ({ method, path, headers }) => {
    const request = new Request(`http://gateway.example${path}`, { method, headers })
    return drain(await gateway.handle(request))
  }
}

/** An answer as an adapter's client received it. */
export type HttpGot = Omit<Got, 'broken'>

/** Fields of a connection rather than of an answer, and those that differ each time. */
const FREE = new Set([
  'date',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'x-receipt-id',
  'server-timing',
])

/** What an adapter's answer has that the gateway's has not, or lacks. Empty: they agree. */
export function differences(request: HttpCase, expected: Got, got: HttpGot): string[] {
  const found: string[] = []
  const say = (what: string, a: unknown, b: unknown): number =>
    found.push(`${what} expected ${String(a)}, got ${String(b)}`)
  if (expected.status !== request.status)
    say('status of the gateway', request.status, expected.status)
  if (got.status !== request.status) say('status', request.status, got.status)
  const fields = new Set([...expected.headers.keys(), ...got.headers.keys()])
  for (const name of fields) {
    if (FREE.has(name)) continue
    const [a, b] = [fieldOf(expected, name), fieldOf(got, name)]
    // A length that only the end tells may be told, if it is right.
    const told = name === 'content-length' && a === undefined && b === String(got.body.length)
    if (a !== b && !told) say(name, a, b)
  }
  if (!/^[0-9a-f]{32}$/.test(got.headers.get('x-receipt-id') ?? '')) say('x-receipt-id', 'one', '')
  const body = request.method === 'HEAD' ? new Uint8Array(0) : expected.body
  if (body.length !== got.body.length) say('bytes', body.length, got.body.length)
  else if (body.some((byte, i) => byte !== got.body[i])) say('bytes', 'those', 'others')
  return found
}

/** An adapter may forbid intermediaries to buffer or to change what it counts. */
function fieldOf({ headers }: Pick<Got, 'headers'>, name: string): string | undefined {
  if (name === 'x-accel-buffering') return undefined
  const value = headers.get(name)
  if (name !== 'cache-control') return value
  return value?.replace(/(?:, )?no-transform$/, '') || undefined
}
