/**
 * How many parsed `_redirects` files are kept.
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PROFILES } from '@turnpike/core/unixfs/profile'
import { BlockEngine } from '../blocks/engine.ts'
import { BlockSession } from '../blocks/session.ts'
import { Nodes } from '../walk/nodes.ts'
import { World, alice, fileBlocks } from '../testing/world.ts'
import { RULE_BYTES, RedirectsFiles } from './files.ts'

test('parsed files are kept up to the bound, rules and all, the latest first', async () => {
  const world = new World()
  const texts = ['/a /b\n'.repeat(10), '/c /d\n'.repeat(10), 'no rule']
  const files = texts.map((text) => fileBlocks(PROFILES['unixfs-v1-2025'], Buffer.from(text)))
  for (const { blocks } of files) world.put(alice, blocks)
  const nodes = new Nodes(1)
  const engine = new BlockEngine(world.deps({ blockCacheBytesMax: 1 }))
  const bytesOfOne = 60 + 11 * RULE_BYTES
  const openedFor = async (kept: RedirectsFiles, index: number): Promise<number> => {
    const before = world.opened.length
    const session = new BlockSession(engine, alice)
    const rules = await kept.rulesOf(nodes, session, { kind: 'raw', link: files[index]!.root.link })
    assert.equal(rules.ok?.length, index === 2 ? undefined : 10)
    return world.opened.length - before
  }
  const both = new RedirectsFiles(2 * bytesOfOne)
  for (const index of [0, 1]) assert.equal(await openedFor(both, index), 1)
  for (const index of [0, 1]) assert.equal(await openedFor(both, index), 0)
  const one = new RedirectsFiles(2 * bytesOfOne - 1)
  for (const index of [0, 1, 0]) assert.equal(await openedFor(one, index), 1)
  assert.equal(await openedFor(both, 2), 1)
  assert.equal(await openedFor(both, 2), 0, 'a fault is kept, too')
})
