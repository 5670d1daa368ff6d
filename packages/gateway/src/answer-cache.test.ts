/**
 * Which kept answers are whose.
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NameResolver } from '@turnpike/core/ports/names'
import { PROFILES } from '@turnpike/core/unixfs/profile'
import { ok } from '@turnpike/core/result'
import { createGateway } from './gateway.ts'
import { alice, drain, fileBlocks, folderBlocks, World } from './testing/world.ts'

test('a kept answer of a name is not that of the same root by another path', async () => {
  const profile = PROFILES['unixfs-v1-2025']
  const files = ['one', 'two'].map((text) => fileBlocks(profile, Buffer.from(text)))
  const folder = folderBlocks(
    profile,
    files.map(({ root }, i) => [`${i}`, root]),
  )
  let segments: readonly string[] = []
  const names: NameResolver = {
    resolve: () => ok({ root: folder.at(-1)!.link, segments, ttlMs: 0 }),
    hasDnsLink: () => false,
  }
  const world = new World()
  world.put(alice, [...files.flatMap(({ blocks }) => blocks), ...folder])
  const gateway = createGateway(world.deps({ names }))
  for (const [name, text] of [
    ['0', 'one'],
    ['1', 'two'],
    ['0', 'one'],
  ] as const) {
    segments = [name]
    const request = new Request('http://gateway.example/ipns/site.example.org')
    const { body } = await drain(await gateway.handle(request))
    assert.equal(Buffer.from(body).toString(), text)
  }
})
