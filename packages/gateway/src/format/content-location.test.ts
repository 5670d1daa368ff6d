import assert from 'node:assert/strict'
import { test } from 'node:test'
import { linkToString } from '@turnpike/core/link'
import { PROFILES } from '@turnpike/core/unixfs/profile'
import { createGateway } from '../gateway.ts'
import { type Got, World, alice, drain, fileBlocks, folderBlocks } from '../testing/world.ts'

const profile = PROFILES['unixfs-v1-2025']
const file = fileBlocks(profile, new TextEncoder().encode('{"a":1}'))
const folder = folderBlocks(profile, [['ä b.json', file.root]])
const root = linkToString(folder.at(-1)!.link)
const path = `/ipfs/${root}/%C3%A4%20b.json`

async function get(target: string, headers: Record<string, string> = {}): Promise<Got> {
  const world = new World()
  world.put(alice, [...file.blocks, ...folder])
  const request = {
    method: 'GET',
    url: `http://gateway.example${target}`,
    headers: { get: (name: string) => headers[name] ?? null },
    signal: new AbortController().signal,
  }
  return drain(await createGateway(world.deps()).handle(request))
}

async function location(target: string, accept?: string): Promise<string | undefined> {
  const got = await get(target, accept === undefined ? {} : { accept })
  assert.equal(got.status, 200, target)
  return got.headers.get('content-location')
}

const RAW = 'application/vnd.ipld.raw'
const CAR = 'application/vnd.ipld.car'

test('what was asked for by Accept has a URL of its own', async () => {
  assert.equal(await location(path, RAW), `${path}?format=raw`)
  assert.equal(await location(path, 'application/json'), `${path}?format=json`)
  assert.equal(
    await location(`${path}?z=%2F+1&filename=a&z=0`, RAW),
    `${path}?filename=a&format=raw&z=%2F+1&z=0`,
  )
})

test('a CAR says how it is made, whatever Accept said of it', async () => {
  const made = 'car-dups=n&car-order=dfs&car-version=1'
  assert.equal(await location(path, CAR), `${path}?${made}&format=car`)
  assert.equal(
    await location(`${path}?dag-scope=block`, `${CAR}; order=unk; dups=y`),
    `${path}?car-dups=y&car-order=unk&car-version=1&dag-scope=block&format=car`,
  )
  assert.equal(
    await location(`${path}?car-dups=n`, `${CAR}; dups=y`),
    `${path}?${made}&format=car`,
    'the query wins',
  )
})

test('what the URL says already is not said again', async () => {
  for (const [target, accept] of [
    [path],
    [path, 'text/html'],
    [path, '*/*'],
    [`${path}?format=raw`],
    [`${path}?format=raw`, RAW],
    [`${path}?format=raw`, CAR],
    [`/ipfs/${root}/`, 'text/html'],
  ] as const)
    assert.equal(await location(target, accept), undefined, `${target} ${accept}`)
})

test('a token is not in it', async () => {
  assert.equal(await location(`${path}?authToken=secret&a=b`, RAW), `${path}?a=b&format=raw`)
})

test('it leads to the same answer, and 304 has it, too', async () => {
  for (const accept of [RAW, CAR, `${CAR}; dups=y`]) {
    const asked = await get(path, { accept })
    const url = asked.headers.get('content-location')!
    const got = await get(url)
    assert.deepEqual(got.body, asked.body)
    for (const name of ['content-type', 'etag', 'content-disposition'])
      assert.equal(got.headers.get(name), asked.headers.get(name), name)
    const etag = asked.headers.get('etag')!
    const held = await get(path, { accept, 'if-none-match': etag })
    assert.equal(held.status, 304)
    assert.equal(held.headers.get('content-location'), url)
    for (const name of ['etag', 'cache-control', 'vary', 'x-ipfs-path', 'x-ipfs-roots'])
      assert.equal(held.headers.get(name), asked.headers.get(name), name)
    for (const name of ['content-type', 'content-length', 'content-disposition'])
      assert.equal(held.headers.get(name), undefined, name)
  }
})
