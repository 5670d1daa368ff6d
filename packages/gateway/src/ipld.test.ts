/** Gateway over blocks of dag-cbor, dag-json, json and cbor. @module */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encode as encodeCbor } from '@ipld/dag-cbor'
import { encode as encodeJson } from '@ipld/dag-json'
import { decodeCar } from '@turnpike/core/car/decode'
import { DAG_CBOR, DAG_JSON, type Link, linkToCid, linkToString, RAW } from '@turnpike/core/link'
import { SHA2_256, encodeMultihash } from '@turnpike/core/multihash'
import type { UnixfsBlock } from '@turnpike/core/unixfs/block'
import { createGateway } from './gateway.ts'
import { fileNode, rawBlock } from './testing/blocks.ts'
import { type Got, World, alice, drain, hasher } from './testing/world.ts'
import { DagWalk } from './walk/dag-walk.ts'
import { expandAll } from './walk/expand.ts'
import { PLAIN_CBOR, PLAIN_JSON, linksIn } from './walk/ipld.ts'
import { BlockEngine } from './blocks/engine.ts'
import { BlockSession } from './blocks/session.ts'

const utf8 = new TextEncoder()

function block(codec: number, bytes: Uint8Array): UnixfsBlock {
  const link: Link = {
    version: 1,
    codec,
    multihash: encodeMultihash(SHA2_256, hasher.sha256(bytes)),
  }
  return { kind: 'leaf', link, bytes, fileBytes: 0, dagBytes: bytes.length }
}

async function get(
  blocks: readonly UnixfsBlock[],
  path: string,
  headers: Record<string, string> = {},
): Promise<Got> {
  const world = new World()
  world.put(alice, blocks)
  const request = new Request(`http://gateway.example${path}`, { headers })
  return drain(await createGateway(world.deps()).handle(request))
}

const leaf = rawBlock(utf8.encode('leaf'))
const inner = block(DAG_JSON, encodeJson({ list: [1, { leaf: linkToCid(leaf.link) }] }))
const root = block(DAG_CBOR, encodeCbor({ a: { b: linkToCid(inner.link) }, n: 1, z: 'text' }))
const plainJson = block(PLAIN_JSON, utf8.encode('{ "plain": 1 }'))
const plainCbor = block(PLAIN_CBOR, encodeCbor({ plain: 1 }))
const all = [leaf, inner, root, plainJson, plainCbor]
const path = `/ipfs/${linkToString(root.link)}`

test('a path goes through fields and links', async () => {
  const got = await get(all, `${path}/a/b/list/1/leaf`)
  assert.equal(Buffer.from(got.body).toString(), 'leaf')
  const roots = [root, inner, leaf].map(({ link }) => linkToString(link)).join(',')
  assert.equal(got.headers.get('x-ipfs-roots'), roots)
  const statuses = [
    ['/a', 501],
    ['/n', 501],
    ['/no', 404],
    ['/toString', 404],
    ['/z/0', 404],
    ['/a/b/list/9', 404],
    ['/a/b/list/length', 404],
    ['/a/b/list/1/leaf/x', 404],
  ] as const
  for (const [rest, status] of statuses)
    assert.equal((await get(all, path + rest)).status, status, rest)
  const end = await get(all, `${path}/a`)
  assert.match(Buffer.from(end.body).toString(), /IPLD Kinds other than Links/)
})

test('a codec is served as it is, under its own name or its plain one', async () => {
  const cases = [
    [root, '', 'vnd.ipld.dag-cbor', 'dag-cbor', 'attachment', 'cbor'],
    [root, 'dag-cbor', 'vnd.ipld.dag-cbor', 'dag-cbor', 'attachment', 'cbor'],
    [root, 'cbor', 'cbor', 'cbor', 'attachment', 'cbor'],
    [inner, '', 'vnd.ipld.dag-json', 'dag-json', 'inline', 'json'],
    [inner, 'json', 'json', 'json', 'inline', 'json'],
    [plainJson, '', 'json', 'json', 'inline', 'json'],
    [plainCbor, 'cbor', 'cbor', 'cbor', 'attachment', 'cbor'],
  ] as const
  for (const [{ link, bytes }, format, type, tag, disposition, extension] of cases) {
    const cid = linkToString(link)
    const query = format === '' ? '' : `?format=${format}`
    const { status, headers, body } = await get(all, `/ipfs/${cid}${query}`)
    assert.equal(status, 200)
    assert.deepEqual(new Uint8Array(body), new Uint8Array(bytes))
    assert.equal(headers.get('content-type'), `application/${type}`)
    assert.equal(headers.get('etag'), `"${cid}.${tag}"`)
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    const name = `${disposition}; filename="${cid}.${extension}"`
    assert.ok(headers.get('content-disposition')!.startsWith(name))
  }
})

test('no codec is converted into another', async () => {
  const wrong = [
    [root, 'dag-json'],
    [root, 'json'],
    [inner, 'dag-cbor'],
    [inner, 'cbor'],
    [plainJson, 'dag-json'],
    [plainJson, 'cbor'],
    [plainCbor, 'dag-cbor'],
    [leaf, 'dag-json'],
    [fileNode([]), 'dag-cbor'],
  ] as const
  for (const [one, format] of wrong) {
    const got = await get([...all, one], `/ipfs/${linkToString(one.link)}?format=${format}`)
    assert.equal(got.status, 406, format)
    assert.equal(got.headers.get('content-disposition'), undefined)
  }
  const file = await get(all, `/ipfs/${linkToString(leaf.link)}`, { accept: 'application/json' })
  assert.equal(file.headers.get('content-type'), 'text/plain; charset=utf-8')
})

test('names, downloads and ranges are as the query and the header say', async () => {
  const named = await get(all, `${path}?filename=%C5%BA%22.cbor`)
  const expected = `attachment; filename="_%22.cbor"; filename*=UTF-8''%C5%BA%22.cbor`
  assert.equal(named.headers.get('content-disposition'), expected)
  const saved = await get(all, `/ipfs/${linkToString(inner.link)}?download=true`)
  assert.match(saved.headers.get('content-disposition')!, /^attachment; filename="/)
  const part = await get(all, path, { range: 'bytes=1-3' })
  assert.equal(part.status, 206)
  assert.deepEqual(new Uint8Array(part.body), new Uint8Array(root.bytes.subarray(1, 4)))
})

test('a CAR follows links of every codec', async () => {
  const cids = async (query: string): Promise<string[]> => {
    const got = await get(all, `${path}?format=car${query}`)
    return decodeCar(got.body).ok!.frames.map(({ link }) => linkToString(link))
  }
  const expected = [root, inner, leaf].map(({ link }) => linkToString(link))
  assert.deepEqual(await cids(''), expected)
  assert.deepEqual(await cids('&dag-scope=entity'), expected.slice(0, 1))
})

test('what does not decode is the author’s fault, however deep it is nested', async () => {
  const deep = new Uint8Array(100_000).fill(0x81)
  for (const bytes of [deep, utf8.encode('no cbor'), new Uint8Array(0)]) {
    const bad = block(DAG_CBOR, bytes)
    const at = `/ipfs/${linkToString(bad.link)}`
    assert.equal((await get([bad], `${at}/a`)).status, 422)
    assert.equal((await get([bad], at)).status, 200)
  }
  assert.equal(
    (await get([block(0x99, leaf.bytes)], `/ipfs/${linkToString(block(0x99, leaf.bytes).link)}`))
      .status,
    501,
  )
})

test('links of one node, and visits of a walk, are bounded', async () => {
  const links = Array.from({ length: 3 }, () => linkToCid(leaf.link))
  assert.equal(linksIn({ links }, 3).length, 3)
  assert.throws(() => linksIn({ links }, 2), /at most 2 links/)
  const twins = fileNode([leaf, leaf].map(({ link }) => ({ link, fileBytes: 4 })))
  const world = new World()
  world.put(alice, [twins, leaf])
  const walk = async (dups: boolean, blocksMax: number): Promise<number> => {
    const session = new BlockSession(new BlockEngine(world.deps()), alice)
    const plan = { trail: [], target: twins.link, expand: expandAll, dups, blocksMax }
    const walked = new DagWalk(session, plan)
    let count = 0
    for (let one = await walked.next(); one !== undefined; one = await walked.next()) {
      one.held.release()
      count++
    }
    return count
  }
  assert.equal(await walk(false, 2), 2)
  assert.equal(await walk(true, 3), 3)
  await assert.rejects(walk(true, 2), /at most 2 blocks/)
})

test('a part that occurs twice is looked into for each of its places in a range', async () => {
  const leaves = ['aa', 'bb'].map((text) => rawBlock(utf8.encode(text)))
  const part = fileNode(leaves.map(({ link }) => ({ link, fileBytes: 2 })))
  const file = fileNode([part, part].map(({ link }) => ({ link, fileBytes: 4 })))
  const at = `/ipfs/${linkToString(file.link)}?format=car&entity-bytes=2:5`
  const got = await get([...leaves, part, file], at)
  const cids = decodeCar(got.body).ok!.frames.map(({ link }) => linkToString(link))
  const expected = [file, part, leaves[1]!, leaves[0]!].map(({ link }) => linkToString(link))
  assert.deepEqual(cids, expected)
  assert.equal(leaves[0]!.link.codec, RAW)
})
