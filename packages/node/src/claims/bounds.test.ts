import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { delegate } from '@ucanto/core'
import * as ed25519 from '@ucanto/principal/ed25519'
import { base58btc } from 'multiformats/bases/base58'
import { decodeCar } from '@turnpike/core/car/decode'
import type { ReadIndex } from '@turnpike/core/claims/accept'
import { readKnownClaim, toStored } from '@turnpike/core/claims/read'
import {
  CLAIMED_ARCHIVE_SLICE_BYTES_MAX,
  CLAIMS_ANSWER_BYTES_MAX,
  CLAIMS_ANSWER_MAX,
  CLAIMS_WALK_MAX,
} from '@turnpike/core/limits/claims'
import { linkToCid, RAW } from '@turnpike/core/link'
import { encodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import type { StoredClaim } from '@turnpike/core/ports/claims'
import { multihashClaimsPage } from '@turnpike/service/claims/claims-service'
import type { ClaimPagesDeps } from '@turnpike/service/claims/deps'
import { MIGRATIONS } from '../catalog/schema.ts'
import { nodeHasher } from '../hasher.ts'
import { CatalogClaimedIndexes } from './claimed-store.ts'
import { CatalogIndexes } from './finder.ts'
import { CatalogClaims } from './store.ts'

const issuer = await ed25519.generate()
const clock = { nowMs: () => 0, monotonicMs: () => 0 }

function hashOf(seed: number): Uint8Array {
  const digest = new Uint8Array(32)
  new DataView(digest.buffer).setUint32(0, seed)
  return encodeMultihash(SHA2_256, digest)
}

function claim(seed: number, change: Partial<StoredClaim> = {}): StoredClaim {
  return {
    cid: new Uint8Array([1, 0x71, ...hashOf(seed)]),
    kind: 'equals',
    issuer: issuer.did(),
    content: hashOf(0),
    space: undefined,
    startsMs: undefined,
    expiresMs: undefined,
    believed: true,
    archive: new TextEncoder().encode(`archive ${seed}`),
    ...change,
  }
}

function rig(t: TestContext): {
  catalog: DatabaseSync
  claims: CatalogClaims
  pages: ClaimPagesDeps
} {
  const catalog = new DatabaseSync(':memory:')
  t.after(() => catalog.close())
  catalog.exec('PRAGMA foreign_keys = ON')
  for (const sql of MIGRATIONS) catalog.exec(sql)
  const claims = new CatalogClaims(catalog, clock)
  const indexes = { covering: () => [], archive: () => undefined }
  const authorizer = { authorize: () => assert.fail('no claim names a space') }
  return { catalog, claims, pages: { claims, indexes, authorizer, hasher: nodeHasher } }
}

async function answered(pages: ClaimPagesDeps, query = ''): Promise<number> {
  const text = base58btc.encode(hashOf(0))
  const page = await multihashClaimsPage(text, new URLSearchParams(query), undefined, pages)
  return decodeCar(page.body).ok!.frames.length
}

test('an answer has so many claims, the believed ones first', async (t) => {
  const { claims, pages } = rig(t)
  claims.put(claim(1, { believed: false }))
  for (let i = 2; i < CLAIMS_ANSWER_MAX + 1; i++) claims.put(claim(i))
  assert.equal(await answered(pages), CLAIMS_ANSWER_MAX)
  claims.put(claim(CLAIMS_ANSWER_MAX + 1))
  assert.equal(await answered(pages), CLAIMS_ANSWER_MAX)
})

test('an answer has so many bytes', async (t) => {
  const { claims, pages } = rig(t)
  const archive = new Uint8Array(CLAIMS_ANSWER_BYTES_MAX / 4)
  for (let i = 0; i < 4; i++) claims.put(claim(i, { archive: archive.map((_, at) => i + at) }))
  assert.equal(await answered(pages), 4)
  claims.put(claim(5))
  assert.equal(await answered(pages), 4)
})

test('a walk from claim to claim ends, in circles and after so many', async (t) => {
  const { claims, pages } = rig(t)
  const link = (n: number): unknown => linkToCid({ version: 1, codec: RAW, multihash: hashOf(n) })
  const leads = async (from: number, ...to: readonly number[]): Promise<void> => {
    const nb = { content: link(from), parts: to.map(link) }
    const capabilities = [{ can: 'assert/partition', with: issuer.did(), nb }]
    const made = await delegate({ issuer, audience: issuer, capabilities } as never)
    claims.put(toStored(readKnownClaim((await made.archive()).ok!, nodeHasher).ok!, true))
  }
  await leads(0, 1)
  await leads(1, 0)
  assert.equal(await answered(pages), 1)
  assert.equal(await answered(pages, 'walk=children,includes'), 1)
  assert.equal(await answered(pages, 'walk=parts'), 2)
  const many = Array.from({ length: CLAIMS_WALK_MAX + 1 }, (_, i) => 10 + i)
  await leads(1, ...many)
  for (const n of many) claims.put(claim(n, { content: hashOf(n) }))
  // Two contents and three claims come before those.
  assert.equal(await answered(pages, 'walk=parts'), 3 + CLAIMS_WALK_MAX - 2)
})

test('slices of others have so much room', (t) => {
  const { catalog, claims } = rig(t)
  const indexes = new CatalogClaimedIndexes(catalog, clock, 3)
  const slices = [1, 2].map((n) => ({ multihash: hashOf(n), offset: n, length: 1 }))
  const shards = [{ multihash: hashOf(9), sizeBytes: 9, slices }]
  const index = { content: { version: 1, codec: RAW, multihash: hashOf(1) }, shards } as const
  const read = (n: number): ReadIndex => ({ multihash: hashOf(n), archive: hashOf(n), index })
  for (const seed of [1, 2]) claims.put(claim(seed, { kind: 'index' }))
  assert.ok(indexes.put(claim(1).cid, read(50)).ok)
  assert.equal(indexes.put(claim(2).cid, read(51)).error?.name, 'ClaimsFull')
  claims.withdraw(claim(1).cid)
  assert.ok(indexes.put(claim(2).cid, read(51)).ok, 'they went with their claim')
})

test('an archive is kept that is as long as what it says, and no longer', async (t) => {
  const { catalog, claims } = rig(t)
  const indexes = new CatalogClaimedIndexes(catalog, clock)
  const blobs = { open: () => assert.fail('it is not in our own store') }
  const finder = new CatalogIndexes({ catalog, blobs, clock })
  const content = { version: 1, codec: RAW, multihash: hashOf(1) } as const
  const shards = [{ multihash: hashOf(9), sizeBytes: 9, slices: [] }]
  const most = 3 * CLAIMED_ARCHIVE_SLICE_BYTES_MAX
  for (const [seed, length] of [most, most + 1].entries()) {
    claims.put(claim(seed, { kind: 'index' }))
    const archive = new Uint8Array(length)
    const read = { multihash: hashOf(50 + seed), archive, index: { content, shards } }
    assert.ok(indexes.put(claim(seed).cid, read).ok)
  }
  assert.equal((await finder.archive(hashOf(50)))?.length, most)
  assert.equal(await finder.archive(hashOf(51)), undefined)
  claims.withdraw(claim(0).cid)
  assert.equal(await finder.archive(hashOf(50)), undefined, 'it went with its claim')
})
