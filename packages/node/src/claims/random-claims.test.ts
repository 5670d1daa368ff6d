import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import * as ed25519 from '@ucanto/principal/ed25519'
import fc from 'fast-check'
import type { DagIndex } from '@turnpike/core/blob-index'
import { CAR, RAW } from '@turnpike/core/link'
import { encodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import type { StoredClaim } from '@turnpike/core/ports/claims'
import type { SpaceDid } from '@turnpike/core/ports/content'
import { issueIndexClaim, issueLocationClaim } from '@turnpike/service/claims/issue'
import { CatalogDelegations } from '../catalog/delegations.ts'
import { MIGRATIONS } from '../catalog/schema.ts'
import { ClaimedIndex } from './claimed-index.ts'
import { CatalogClaimedIndexes } from './claimed-store.ts'
import { CatalogClaims } from './store.ts'

const gateway = await ed25519.generate()
const service = await ed25519.generate()
const alice = await ed25519.generate()
const bob = await ed25519.generate()
const ISSUERS = [gateway, service, alice, bob]
const SPACES: readonly (SpaceDid | undefined)[] = [alice.did(), bob.did(), undefined]
const SHARDS = [0, 1, 2].map((n) => hashOf(100 + n))
const BLOCKS = [0, 1, 2, 3].map((n) => hashOf(200 + n))
/** Which blocks lie in which shard, by which index. */
const INDEXES: readonly (readonly (readonly [shard: number, block: number])[])[] = [
  [
    [0, 0],
    [0, 1],
    [1, 1],
  ],
  [
    [1, 2],
    [2, 0],
  ],
  [[2, 3]],
]
const NOW_MS = 1_800_000_000_000
const END_MS = NOW_MS + 10_000

function hashOf(seed: number): Uint8Array {
  return encodeMultihash(SHA2_256, new Uint8Array(32).fill(seed))
}

interface Known {
  readonly claim: StoredClaim
  readonly expires: boolean
  /** Number of the shard, or of the index. */
  readonly of: number
}

/** Every location claim and every index claim that there can be. */
const POOL: readonly Known[] = await Promise.all(
  ISSUERS.flatMap((issuer) =>
    [true, false].flatMap((expires) => {
      const expiresMs = expires ? END_MS : undefined
      const nonce = `${expires}`
      const locations = SHARDS.flatMap((content, of) =>
        SPACES.map(async (space): Promise<Known> => {
          const urls = [`https://${of}.example/${issuer.did()}/${space}/${expires}`]
          const where = { content, urls, offset: 0, length: 99, space, expiresMs, nonce }
          return { claim: await issueLocationClaim(issuer, where), expires, of }
        }),
      )
      const indexes = INDEXES.map(async (_, of): Promise<Known> => {
        const content = { version: 1, codec: RAW, multihash: BLOCKS[0]! } as const
        const index = { version: 1, codec: CAR, multihash: hashOf(50 + of) } as const
        const named = { content, index, space: alice.did(), expiresMs, nonce: `${of}${nonce}` }
        const claim = await issueIndexClaim(issuer, named)
        return { claim: { ...claim, space: undefined }, expires, of }
      })
      return locations.concat(indexes)
    }),
  ),
)

function indexOf(of: number): DagIndex {
  const shards = [...new Set(INDEXES[of]!.map(([shard]) => shard))].map((shard) => ({
    multihash: SHARDS[shard]!,
    sizeBytes: 99,
    slices: INDEXES[of]!.filter(([at]) => at === shard).map(([, block]) => ({
      multihash: BLOCKS[block]!,
      offset: block,
      length: 1,
    })),
  }))
  return { content: { version: 1, codec: RAW, multihash: BLOCKS[0]! }, shards }
}

interface Revoked {
  readonly claim: number
  readonly by: number
}

/** Spaces that a block is in, by the rules: written anew, with no eye on the index's own code. */
function spacesByModel(
  block: number,
  stored: readonly number[],
  revoked: readonly Revoked[],
  nowMs: number,
): string[] {
  const inForce = stored
    .filter((n) => !POOL[n]!.expires || nowMs < END_MS)
    .filter((n) => {
      const { issuer } = POOL[n]!.claim
      return !revoked.some((one) => one.claim === n && ISSUERS[one.by]!.did() === issuer)
    })
    .map((n) => POOL[n]!)
  const shards = new Set(
    inForce
      .filter(({ claim }) => claim.kind === 'index')
      .flatMap(({ of }) => INDEXES[of]!.filter(([, at]) => at === block).map(([shard]) => shard)),
  )
  const spaces = inForce
    .filter(({ claim, of }) => claim.kind === 'location' && shards.has(of))
    .filter(({ claim: { issuer, space } }) =>
      [space, gateway.did(), service.did()].some((did) => did === issuer),
    )
    .flatMap(({ claim }) => claim.space ?? [])
  return [...new Set(spaces)].toSorted()
}

test('a model knows in which spaces blocks are, whatever is claimed, revoked and over', () => {
  const numbers = fc.nat({ max: POOL.length - 1 })
  fc.assert(
    fc.property(
      fc.uniqueArray(numbers, { maxLength: 30 }),
      fc.array(fc.record({ claim: numbers, by: fc.nat({ max: 3 }) }), { maxLength: 30 }),
      fc.array(fc.constantFrom(NOW_MS, END_MS - 1, END_MS, END_MS + 1), { maxLength: 4 }),
      (stored, revoked, times) => {
        const catalog = new DatabaseSync(':memory:')
        catalog.exec('PRAGMA foreign_keys = ON')
        for (const sql of MIGRATIONS) catalog.exec(sql)
        const time = { nowMs: NOW_MS }
        const clock = { nowMs: () => time.nowMs, monotonicMs: () => 0 }
        const claims = new CatalogClaims(catalog, clock)
        const indexes = new CatalogClaimedIndexes(catalog, clock)
        const trust = { gateways: [gateway.did()], issuers: [service.did()] }
        const index = new ClaimedIndex(catalog, { clock, trust })
        for (const n of stored) {
          const { claim, of } = POOL[n]!
          assert.ok(claims.put(claim).ok)
          if (claim.kind === 'index')
            indexes.put(claim.cid, {
              multihash: hashOf(50 + of),
              archive: hashOf(of),
              index: indexOf(of),
            })
        }
        const revocations = new CatalogDelegations(catalog)
        for (const { claim, by } of revoked) {
          const archive = new Uint8Array()
          const issuer = ISSUERS[by]!.did()
          revocations.revoke({ cid: POOL[claim]!.claim.cid, issuer, revokedMs: 0, archive })
        }
        for (const nowMs of times) {
          time.nowMs = nowMs
          for (const [block, multihash] of BLOCKS.entries()) {
            const expected = spacesByModel(block, stored, revoked, nowMs)
            assert.deepEqual([...index.spaces(multihash)].toSorted(), expected)
            for (const space of [alice.did(), bob.did()]) {
              const found = index.slices(space, [multihash])[0]!
              assert.equal(found.length > 0, expected.includes(space))
              assert.ok(found.every(({ offset, length }) => offset === block && length === 1))
            }
          }
        }
        catalog.close()
      },
    ),
    { numRuns: Number(process.env.TURNPIKE_FUZZ_RUNS ?? 100) },
  )
})
