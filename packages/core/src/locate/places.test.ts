import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Claim } from '../claims/read.ts'
import type { ClaimSays } from '../claims/says.ts'
import {
  LOCATED_CLAIMS_MAX,
  LOCATED_INDEXES_MAX,
  LOCATED_KEPT_MS,
  LOCATED_PLACES_MAX,
} from '../limits/claims.ts'
import { encodeMultihash, SHA2_256 } from '../multihash.ts'
import type { SpaceDid } from '../ports/content.ts'
import { KnownIndexes } from './known-indexes.ts'
import { Places } from './places.ts'

const A: SpaceDid = 'did:key:z6MkA'
const B: SpaceDid = 'did:key:z6MkB'
const TRUSTED = 'did:web:up.example'
const STRANGER = 'did:key:z6MkStranger'

function hashOf(seed: number): Uint8Array {
  return encodeMultihash(SHA2_256, new Uint8Array(32).fill(seed))
}

let claims = 0
function claim(issuer: string, content: number, says: ClaimSays, expiresMs?: number): Claim {
  const cid = new Uint8Array(new Uint32Array([++claims]).buffer)
  const rest = { startsMs: undefined, expiresMs, archive: new Uint8Array() }
  return { cid, issuer, content: hashOf(content), says, ...rest }
}

function lies(urls: readonly string[], space?: SpaceDid, length?: number): ClaimSays {
  return { kind: 'location', urls, offset: 0, length, space }
}

function indexSays(index: number): ClaimSays {
  return { kind: 'index', index: { version: 1, codec: 0x0202, multihash: hashOf(index) } }
}

function rig(): { places: Places; pass(ms: number): void } {
  let nowMs = 1000
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs }
  const trust = { gateways: [], issuers: [TRUSTED] }
  return { places: new Places({ clock, trust }), pass: (ms) => void (nowMs += ms) }
}

/** An index of one shard, in which each block has ten bytes. */
function addIndex(
  places: Places,
  index: number,
  shard: number,
  blocks: readonly number[],
): boolean {
  const slices = blocks.map((block, i) => ({
    multihash: hashOf(block),
    offset: 10 * i,
    length: 10,
  }))
  const content = { version: 1, codec: 0x55, multihash: hashOf(blocks[0] ?? 0) } as const
  const shards = [{ multihash: hashOf(shard), sizeBytes: undefined, slices }]
  return places.addIndex(hashOf(index), { content, shards })
}

const BLOCKS = [1, 2, 3]
const SHARDS = [11, 12, 13]
const INDEXES = [21, 22]

const someClaim = fc.record({
  issuer: fc.constantFrom(A, B, TRUSTED, STRANGER),
  space: fc.constantFrom(A, B, undefined),
  shard: fc.constantFrom(...SHARDS),
})
const someIndex = fc.record({
  issuer: fc.constantFrom(A, TRUSTED, STRANGER),
  index: fc.constantFrom(...INDEXES),
  shard: fc.constantFrom(...SHARDS),
  blocks: fc.uniqueArray(fc.constantFrom(...BLOCKS), { minLength: 1 }),
})

test('a block is in a space only by a believed claim about a blob that lists it', () => {
  fc.assert(
    fc.property(fc.array(someClaim), fc.array(someIndex), (located, indexed) => {
      const { places } = rig()
      const listed = new Map<number, { shard: number; blocks: readonly number[] }>()
      for (const { issuer, index, shard, blocks } of indexed) {
        places.addClaim(claim(issuer, blocks[0]!, indexSays(index)))
        assert.ok(addIndex(places, index, shard, blocks))
        listed.set(index, { shard, blocks })
      }
      for (const { issuer, space, shard } of located)
        places.addClaim(claim(issuer, shard, lies([`https://o.example/${shard}`], space)))
      const believed = ({ issuer, space }: (typeof located)[number]): SpaceDid | undefined =>
        issuer === space || issuer === TRUSTED ? space : undefined
      for (const block of BLOCKS) {
        const shards = new Set(
          [...listed.values()].flatMap(({ shard, blocks }) =>
            blocks.includes(block) ? [shard] : [],
          ),
        )
        const of = located.filter(({ shard }) => shards.has(shard)).map(believed)
        const spaces = [...new Set(of)].filter((space) => space !== undefined).toSorted()
        assert.deepEqual(places.spaces(hashOf(block)), spaces)
        for (const space of [A, B])
          assert.equal(places.slices(space, hashOf(block)).length > 0, spaces.includes(space))
        const ofNone = spaces.length === 0 && of.length > 0
        assert.equal(places.slices(undefined, hashOf(block)).length > 0, ofNone)
      }
    }),
  )
})

test('addresses of who is not believed come last, and say nothing else', () => {
  const { places } = rig()
  places.addClaim(claim(STRANGER, 1, lies(['https://liar.example/'], A, 1)))
  places.addClaim(claim(A, 1, lies(['https://a.example/', 'http://b.example/'], A, 10)))
  places.addClaim(claim(A, 1, lies(['local:', 'file:///etc/passwd', 's3://b/k'], A, 10)))
  const [slice, ...more] = places.slices(A, hashOf(1))
  assert.deepEqual([slice!.offset, slice!.length, more.length], [0, 10, 0])
  assert.deepEqual(
    slice!.blob.sites.map(({ url }) => url),
    ['claimed:https://a.example/', 'claimed:http://b.example/', 'claimed:https://liar.example/'],
  )
})

test('a place ends with its claim, and with the time that it is kept', () => {
  const { places, pass } = rig()
  places.addClaim(claim(A, 1, lies(['https://a.example/'], A, 10), 2000))
  places.addClaim(claim(A, 2, lies(['https://a.example/'], A, 10)))
  pass(999)
  assert.deepEqual(places.spaces(hashOf(1)), [A])
  pass(1)
  assert.deepEqual(places.spaces(hashOf(1)), [])
  pass(LOCATED_KEPT_MS - 1001)
  assert.deepEqual(places.spaces(hashOf(2)), [A])
  pass(1)
  assert.deepEqual(places.spaces(hashOf(2)), [])
})

test('the same content under another hash is found there', () => {
  const { places } = rig()
  const other = { version: 1, codec: 0x55, multihash: hashOf(2) } as const
  places.addClaim(claim(STRANGER, 1, { kind: 'equals', equals: other }))
  places.addClaim(claim(A, 2, lies(['https://a.example/'], A, 10)))
  assert.equal(places.slices(A, hashOf(1)).length, 1)
})

test('claims, places and indexes are kept up to their bounds, and those believed first', () => {
  const { places } = rig()
  for (let i = 0; i < LOCATED_CLAIMS_MAX + 1; i++)
    places.addClaim(claim(STRANGER, 1, lies([`https://s${i}.example/`], A, 10)))
  assert.equal(places.slices(undefined, hashOf(1))[0]!.blob.sites.length, LOCATED_CLAIMS_MAX)
  places.addClaim(claim(A, 1, lies(['https://a.example/'], A, 10)))
  const [slice] = places.slices(A, hashOf(1))
  assert.equal(slice!.blob.sites.length, LOCATED_CLAIMS_MAX)
  assert.equal(slice!.blob.sites[0]!.url, 'claimed:https://a.example/')
  for (let i = 0; i < LOCATED_PLACES_MAX + 1; i++) {
    places.addClaim(claim(A, 5, indexSays(100 + i)))
    places.addClaim(claim(A, 50 + i, lies([`https://o${i}.example/`], A)))
    addIndex(places, 100 + i, 50 + i, [5])
  }
  assert.ok(places.slices(A, hashOf(5)).length <= LOCATED_PLACES_MAX)
})

test('indexes asked least lately go first, one that is too large is not kept', () => {
  const known = new KnownIndexes(3)
  const content = { version: 1, codec: 0x55, multihash: hashOf(0) } as const
  const add = (name: number, blocks: readonly number[]): boolean => {
    const slices = blocks.map((n) => ({ multihash: hashOf(n), offset: 0, length: 1 }))
    const shards = [{ multihash: hashOf(99), sizeBytes: undefined, slices }]
    return known.add(hashOf(name), { content, shards })
  }
  assert.equal(add(1, [1, 2, 3, 4]), false)
  assert.ok(add(1, [1, 2]) && add(2, [3]))
  assert.equal(known.places(known.listing(hashOf(1))[0]!, hashOf(1)).length, 1)
  assert.ok(add(3, [4]))
  assert.deepEqual(
    [1, 2, 3].map((name) => known.has(hashOf(name))),
    [true, false, true],
  )
  const many = new KnownIndexes()
  for (let i = 0; i <= LOCATED_INDEXES_MAX; i++) {
    many.add(encodeMultihash(SHA2_256, new Uint8Array(32).fill(i & 255).fill(i >> 8, 0, 1)), {
      content,
      shards: [],
    })
  }
  assert.equal(many.has(hashOf(0)), false)
  assert.ok(many.has(encodeMultihash(SHA2_256, new Uint8Array(32).fill(1).fill(0, 0, 1))))
})
