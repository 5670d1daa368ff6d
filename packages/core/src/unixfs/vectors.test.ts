import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { chunksOf, entriesOf } from '../../../../scripts/unixfs-recipe.ts'
import type { Content, Metadata, Recipe, Vector } from '../../../../scripts/unixfs-recipe.ts'
import { linkToString } from '../link.ts'
import type { DagNode, UnixfsBlock } from './block.ts'
import { FolderBuilder } from './directory.ts'
import { FileLayout } from './file-layout.ts'
import { leafOf, smallFile } from './leaf.ts'
import { PROFILES } from './profile.ts'
import type { UnixfsProfile } from './profile.ts'
import { symlinkBlock } from './symlink.ts'
import { hasher } from './testing/block-store.ts'

/** Content beyond this is hashed only in long runs; filled content is hashed once a chunk. */
const CONTENT_BYTES_MAX = 64 * 1024 * 1024
const isLongRun = process.env['TURNPIKE_FUZZ_RUNS'] !== undefined

function buildFile(profile: UnixfsProfile, content: Content, metadata: Metadata): DagNode {
  const leaves = new Map<Uint8Array, UnixfsBlock>()
  const layout = new FileLayout(profile, hasher, metadata)
  let first: Uint8Array | undefined
  let count = 0
  for (const chunk of chunksOf(content, profile.chunkBytes)) {
    const leaf = leaves.get(chunk) ?? leafOf(profile, hasher, chunk)
    if ('fill' in content) leaves.set(chunk, leaf)
    layout.add(leaf)
    first ??= chunk
    count++
  }
  return count < 2
    ? smallFile(profile, hasher, first ?? new Uint8Array(0), metadata)
    : layout.finish().root
}

function buildFolder(profile: UnixfsProfile, recipe: Extract<Recipe, { kind: 'folder' }>): DagNode {
  const folder = new FolderBuilder(profile, hasher, recipe)
  const built = new Map<Recipe, DagNode>()
  for (const [name, child] of entriesOf(recipe.entries)) {
    const node = built.get(child) ?? build(profile, child)
    built.set(child, node)
    assert.equal(folder.add(name, node).error, undefined)
  }
  const { ok: blocks, error } = folder.finish()
  assert.equal(error, undefined)
  let root: DagNode | undefined
  for (const block of blocks) root = block
  assert(root)
  return root
}

function build(profile: UnixfsProfile, recipe: Recipe): DagNode {
  switch (recipe.kind) {
    case 'file':
      return buildFile(profile, recipe.content, recipe)
    case 'folder':
      return buildFolder(profile, recipe)
    case 'symlink':
      return symlinkBlock(profile, hasher, new TextEncoder().encode(recipe.target), recipe)
  }
}

function isLong({ recipe }: Vector): boolean {
  if (recipe.kind !== 'file' || !('chacha20' in recipe.content)) return false
  return recipe.content.bytes > CONTENT_BYTES_MAX
}

function vectorsOf(source: string): Vector[] {
  const url = new URL(`../../../../vectors/unixfs/${source}.json`, import.meta.url)
  return (JSON.parse(readFileSync(url, 'utf8')) as { vectors: Vector[] }).vectors
}

for (const source of ['kubo', 'importer']) {
  for (const vector of vectorsOf(source)) {
    const skip = isLong(vector) && !isLongRun && 'hashes a gibibyte: set TURNPIKE_FUZZ_RUNS'
    test(`${source}, ${vector.profile}: ${vector.name}`, { skip }, () => {
      const profile = { ...PROFILES[vector.profile], ...vector.override }
      const root = build(profile, vector.recipe)
      assert.equal(linkToString(root.link), vector.cid)
      if (vector.dagBytes !== undefined) assert.equal(root.dagBytes, vector.dagBytes)
    })
  }
}

test('a threshold, chunk or width that is off by one misses the vector', () => {
  const misses = (
    name: string,
    change: (profile: UnixfsProfile) => Partial<UnixfsProfile>,
  ): void => {
    const vector = vectorsOf('kubo').find((one) => one.name === name)!
    const profile = PROFILES[vector.profile]
    const root = build({ ...profile, ...change(profile) }, vector.recipe)
    assert.notEqual(linkToString(root.link), vector.cid)
  }
  const lower = ({ hamtThresholdBytes }: UnixfsProfile): Partial<UnixfsProfile> => ({
    hamtThresholdBytes: hamtThresholdBytes - 1,
  })
  misses('folder at the threshold: a block of 262,144 bytes', lower)
  misses('folder at the threshold: 262,144 bytes of links', lower)
  misses('file at 174 links', ({ chunkBytes }) => ({ chunkBytes: chunkBytes - 1 }))
  misses('file at 174 links', ({ fileLinksMax }) => ({ fileLinksMax: fileLinksMax - 1 }))
})
