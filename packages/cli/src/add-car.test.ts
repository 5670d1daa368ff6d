/**
 * `turnpike add --car` over the data of the conformance suite: every block of every CAR can be
 * asked for by its CID.
 * @module
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { keyOf } from '@turnpike/core/bytes'
import { decodeCar } from '@turnpike/core/car/decode'
import { linkFromString, linkToString } from '@turnpike/core/link'
import { absent, fixturePaths } from '../../gateway/src/testing/conformance/fixtures.ts'
import { newFolder, running, turnpike } from './testing/commands.ts'

/** Named by these CARs and not in them. */
const MISSING = [
  'QmSNLTo6Wv9dfroVaw7MFYjLqf9ho7PKrgsjdzYDtv8h1W',
  'QmYzfKSE55XCjD1MW128RfciAf2DViABhEiXfgVFMabSjN',
]

function blocksOf(paths: readonly string[]): Map<string, Uint8Array> {
  const blocks = new Map<string, Uint8Array>()
  for (const path of paths) {
    const car = decodeCar(readFileSync(path))
    if (car.error) throw car.error
    for (const { link, bytes } of car.ok.frames) blocks.set(linkToString(link), bytes)
  }
  return blocks
}

async function unserved(url: string, blocks: ReadonlyMap<string, Uint8Array>): Promise<string[]> {
  const found: string[] = []
  for (const [cid, bytes] of blocks) {
    const got = await fetch(`${url}/ipfs/${cid}?format=raw`)
    const body = Buffer.from(await got.arrayBuffer())
    if (got.status !== 200 || !body.equals(bytes)) found.push(`${cid}: ${got.status}`)
  }
  return found
}

test(
  'every block of every CAR is served: added stopped, running, and twice',
  { skip: absent },
  async (t) => {
    const data = newFolder(t)
    const paths = fixturePaths('car')
    const blocks = blocksOf(paths)
    assert.ok(paths.length >= 26 && blocks.size >= 343, 'the data is whole')
    const half = paths.length >> 1
    const stopped = await turnpike(
      'add',
      '--car',
      ...paths.slice(0, half),
      '--data',
      data,
      '--json',
    )
    assert.equal(stopped.code, 0, stopped.stderr)
    assert.equal(stopped.json.files, half)
    const server = await running(t, ['serve', '--data', data])
    const beside = await turnpike('add', '--car', ...paths.slice(half), '--data', data, '--json')
    assert.equal(beside.code, 0, beside.stderr)
    const distinct = new Set([...blocks.keys()].map((cid) => keyOf(linkFromString(cid)!.multihash)))
    assert.equal(Number(stopped.json.blocks) + Number(beside.json.blocks), distinct.size)
    assert.deepEqual(await unserved(server.url, blocks), [])
    const again = await turnpike('add', '--car', ...paths, '--data', data, '--json')
    assert.equal(again.json.blocks, 0, again.stderr)
    assert.deepEqual(again.json.roots, [
      ...(stopped.json.roots as []),
      ...(beside.json.roots as []),
    ])
    for (const cid of MISSING)
      assert.equal((await fetch(`${server.url}/ipfs/${cid}?format=raw`)).status, 404)
    assert.equal(await server.stop('SIGTERM'), 0)
  },
)

test('a file that is no CAR is named, and those before it stay', { skip: absent }, async (t) => {
  const data = newFolder(t)
  const [good] = fixturePaths('car')
  const bad = import.meta.filename
  const refused = await turnpike('add', '--car', good!, bad, '--data', data, '--json')
  assert.equal(refused.code, 1)
  assert.ok(refused.stderr.includes(`${bad}: CAR at byte `), refused.stderr)
  assert.match(refused.stderr, /CARs before it, which were added: 1/)
  const again = await turnpike('add', '--car', good!, '--data', data, '--json')
  assert.equal(again.json.blocks, 0)
})
