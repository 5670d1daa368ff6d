import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CHUNK_BYTES_MAX, DAG_DEPTH_MAX } from '@turnpike/core/limits'
import { HeldUpWorld, assertQuiet } from '../testing/held-up.ts'
import { brokenLink, fileNode, identityLink, noise, rawBlock } from '../testing/blocks.ts'
import { BlockSession } from '../blocks/session.ts'
import type { ByteRange } from '@turnpike/core/range'
import { DAG_CBOR } from '@turnpike/core/link'
import { Nodes } from './nodes.ts'
import type { UnixfsBlock } from '@turnpike/core/unixfs/block'
import { alice } from '../testing/world.ts'
import { concatBytes } from '@turnpike/core/bytes'
import { fileBody } from './file-body.ts'
import { randomFile } from '../testing/random-file.ts'

const REMOTE = ['https://one.example']

/** Reads a range of a file to its end; checks that everything was given back. */
async function read(
  root: UnixfsBlock,
  blocks: readonly UnixfsBlock[],
  range: ByteRange = { first: 0, last: root.fileBytes - 1 },
): Promise<{ bytes: Uint8Array; world: HeldUpWorld }> {
  const world = new HeldUpWorld()
  world.put(alice, blocks, REMOTE)
  const engine = world.engine()
  const session = new BlockSession(engine, alice)
  const nodes = new Nodes(1 << 20)
  const loaded = await nodes.load(session, root.link)
  if (loaded.error) throw loaded.error
  const { signal } = new AbortController()
  const chunks: Uint8Array[] = []
  const reader = fileBody({ nodes, session, root: loaded.ok }, range).open(signal)
  try {
    for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read()) {
      assert.ok(chunk.length > 0 && chunk.length <= CHUNK_BYTES_MAX)
      chunks.push(chunk.slice())
    }
  } finally {
    reader.close()
    await world.flush()
    assertQuiet(world, engine)
  }
  return { bytes: concatBytes(chunks), world }
}

test('any range of a file of any shape is what a naive reader gives', async () => {
  for (const [unitBytes, numRuns] of [
    [7, 200],
    [90_000, 30],
  ] as const)
    await fc.assert(
      fc.asyncProperty(randomFile(unitBytes), fc.nat(), fc.nat(), async (file, at, length) => {
        const { content, root, blocks } = file
        const first = at % (content.length + 1)
        const last = Math.min(content.length, first + (length % (content.length + 1))) - 1
        const { bytes } = await read(root, blocks, { first, last })
        assert.deepEqual(bytes, content.slice(first, last + 1))
        assert.deepEqual((await read(root, blocks)).bytes, content)
      }),
      { numRuns },
    )
})

test('a file of zeros is read from one leaf', async () => {
  const leaf = rawBlock(new Uint8Array(100_000))
  const root = fileNode(Array.from({ length: 500 }, () => leaf))
  const { bytes, world } = await read(root, [leaf, root])
  assert.equal(bytes.length, 50_000_000)
  assert.ok(world.opened.length <= 4, `${world.opened.length}`)
})

test('empty parts nested in empty parts cost nothing', async () => {
  let empty = fileNode([])
  const blocks = [empty]
  for (let depth = 0; depth < 20; depth++) {
    empty = fileNode(Array.from({ length: 50 }, () => empty))
    blocks.push(empty)
  }
  const byte = rawBlock(noise(1, 1))
  const root = fileNode([byte, empty, byte])
  const { bytes, world } = await read(root, [...blocks, byte, root])
  assert.equal(bytes.length, 2)
  assert.ok(world.opened.length <= 4)
})

test('nodes that are not what they say are refused where they are reached', async () => {
  const leaf = rawBlock(noise(10, 1))
  const cbor = identityLink(DAG_CBOR, noise(10, 2))
  const wrong = [
    fileNode([leaf], undefined, { sizes: [] }),
    fileNode([leaf], undefined, { sizes: [10, 10], fileBytes: 20 }),
    fileNode([leaf], undefined, { sizes: [9], fileBytes: 9 }),
    fileNode([leaf], undefined, { fileBytes: 11 }),
    fileNode([leaf], noise(5, 1), { fileBytes: 10 }),
    fileNode([leaf], undefined, { type: 1 }),
    fileNode([], noise(10, 1), { type: 5 }),
    fileNode([], noise(10, 1), { type: 3 }),
    fileNode([{ link: brokenLink(), fileBytes: 10 }]),
    fileNode([{ link: cbor, fileBytes: 10 }]),
  ]
  for (const [i, node] of wrong.entries()) {
    const outer = fileNode([leaf, { link: node.link, fileBytes: node.fileBytes }])
    const blocks = [leaf, node, outer]
    const expected = { name: i === 9 ? 'UnsupportedCodec' : 'MalformedBlock' }
    await assert.rejects(read(node, blocks), expected, `${i} as root`)
    await assert.rejects(read(outer, blocks), expected, `${i} within`)
    assert.deepEqual((await read(outer, blocks, { first: 0, last: 9 })).bytes, leaf.bytes)
  }
})

test('a leaf of another size than its node says is refused', async () => {
  for (const leaf of [rawBlock(noise(10, 1)), fileNode([], noise(10, 1))])
    for (const fileBytes of [9, 11]) {
      const root = fileNode([{ link: leaf.link, fileBytes }])
      await assert.rejects(read(root, [leaf, root]), { name: 'MalformedBlock' })
    }
})

test('a file may be as deep as the bound says and no deeper', async () => {
  const leaf = rawBlock(noise(10, 1))
  const blocks = [leaf]
  let root = fileNode([leaf])
  for (let depth = 1; depth <= DAG_DEPTH_MAX; depth++) {
    blocks.push(root)
    if (depth === DAG_DEPTH_MAX) assert.deepEqual((await read(root, blocks)).bytes, leaf.bytes)
    root = fileNode([root])
  }
  await assert.rejects(read(root, [...blocks, root]), /at most 1024 nodes deep/)
})

test('a block that is missing mid-file ends the body after all that comes before it', async () => {
  const leaves = [1, 2, 3].map((seed) => rawBlock(noise(1000, seed)))
  const root = fileNode(leaves)
  await assert.rejects(read(root, [leaves[0]!, leaves[2]!, root]), { name: 'BlockMissing' })
  const before = await read(root, [leaves[0]!, leaves[2]!, root], { first: 0, last: 999 })
  assert.deepEqual(before.bytes, leaves[0]!.bytes)
})
