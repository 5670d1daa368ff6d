import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { delegate, DID } from '@ucanto/core'
import * as ed25519 from '@ucanto/principal/ed25519'
import { dagIndexLink, encodeDagIndex, type IndexedShard } from '@turnpike/core/blob-index'
import { acceptClaim } from '@turnpike/core/claims/accept'
import { INDEX_CHECKS_MAX, LOCATED_KEPT_MS } from '@turnpike/core/limits/claims'
import { CAR, RAW, linkToCid } from '@turnpike/core/link'
import { encodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import type { SpaceDid } from '@turnpike/core/ports/content'
import { SignatureChecks } from '@turnpike/core/ucan/signed-by'
import { CatalogIndex } from '../catalog/content-index.ts'
import { CatalogDelegations } from '../catalog/delegations.ts'
import { nodeHasher } from '../hasher.ts'
import { nodeVerifier } from '../names/verifier.ts'
import { openScratch } from '../testing/data-folder.ts'
import { startTestOrigin, type TestOrigin } from '../testing/origin.ts'
import { ClaimedIndex, KnownIndex } from './claimed-index.ts'
import { openTaking } from './take.ts'

const service = await ed25519.generate()
const alice = await ed25519.generate()
const mallory = await ed25519.generate()
const stranger = await ed25519.generate()

const utf8 = new TextEncoder()
const sha = (bytes: Uint8Array): Uint8Array => encodeMultihash(SHA2_256, nodeHasher.sha256(bytes))

/** Blocks one after the other in a blob, and where they are. */
function blobOf(...texts: string[]): { bytes: Uint8Array; shard: IndexedShard } {
  const blocks = texts.map((text) => utf8.encode(text))
  const bytes = new Uint8Array(Buffer.concat(blocks))
  let offset = 0
  const slices = blocks.map((block) => {
    const slice = { multihash: sha(block), offset, length: block.length }
    offset += block.length
    return slice
  })
  return { bytes, shard: { multihash: sha(bytes), sizeBytes: bytes.length, slices } }
}

interface Said {
  readonly issuer?: ed25519.EdSigner
  readonly space?: ed25519.EdSigner
  readonly expiration?: number
}

async function location(
  content: Uint8Array,
  urls: readonly string[],
  { issuer = service, space, expiration = Infinity }: Said = {},
): Promise<Uint8Array> {
  return archived(issuer, expiration, 'assert/location', {
    content: { digest: content },
    location: urls,
    ...(space && { space: Uint8Array.from(DID.parse(space.did())) }),
  })
}

async function archived(
  issuer: ed25519.EdSigner,
  expiration: number,
  can: `${string}/${string}`,
  nb: object,
): Promise<Uint8Array> {
  const claim = await delegate({
    issuer,
    audience: issuer,
    capabilities: [{ can, with: issuer.did(), nb }],
    expiration,
  })
  return (await claim.archive()).ok!
}

interface Rig {
  readonly origin: TestOrigin
  readonly index: KnownIndex
  readonly time: { nowMs: number; monotonicMs: number }
  readonly catalog: Parameters<typeof openTaking>[0]['folder']['catalog']
  put(name: string, bytes: Uint8Array): string
  /** Takes a claim in; the name of the error, if any. */
  take(archive: Uint8Array): Promise<string | undefined>
  /** Puts an index and claims of it there. */
  publish(shards: readonly IndexedShard[], issuer?: ed25519.EdSigner): Promise<string | undefined>
  /** Addresses at which a block is found for a space. */
  find(space: ed25519.EdSigner, text: string): string[]
}

async function rig(t: TestContext): Promise<Rig> {
  const { folder } = await openScratch(t)
  const origin = await startTestOrigin()
  const time = { nowMs: 1_800_000_000_000, monotonicMs: 0 }
  const clock = { nowMs: () => time.nowMs, monotonicMs: () => time.monotonicMs }
  const trust = { gateways: [folder.gateway.did()], issuers: [service.did()] }
  const taking = openTaking({
    folder,
    clock,
    checks: new SignatureChecks(nodeVerifier),
    trust,
    serves: (space) => [alice.did(), mallory.did()].some((did) => did === space),
    allowPrivate: true,
  })
  t.after(async () => {
    taking.close()
    await origin.close()
  })
  const claimed = new ClaimedIndex(folder.catalog, { clock, trust })
  const index = new KnownIndex(new CatalogIndex(folder.catalog), claimed)
  const { signal } = new AbortController()
  const take: Rig['take'] = async (archive) =>
    (await acceptClaim(archive, undefined, { ...taking, signal })).error?.name
  const put = (name: string, bytes: Uint8Array): string => {
    origin.put(`/${name}`, bytes)
    return `${origin.url}/${name}`
  }
  let published = 0
  const publish: Rig['publish'] = async (shards, issuer = service) => {
    const content = { version: 1, codec: RAW, multihash: shards[0]!.slices[0]!.multihash } as const
    const archive = encodeDagIndex({ content, shards }, nodeHasher)
    const link = dagIndexLink(archive, nodeHasher)
    const url = put(`index-${published++}`, archive)
    assert.equal(await take(await location(link.multihash, [url], { issuer })), undefined)
    const nb = { content: linkToCid(content), index: linkToCid(link) }
    return take(await archived(issuer, Infinity, 'assert/index', nb))
  }
  const find: Rig['find'] = (space, text) => {
    const [slices = []] = index.slices(space.did() as SpaceDid, [sha(utf8.encode(text))])
    return slices.flatMap(({ blob }) => blob.sites.map(({ url }) => url))
  }
  return { origin, index, time, catalog: folder.catalog, put, take, publish, find }
}

test('content of others is found by their claims, in the space that is believed', async (t) => {
  const { index, put, take, publish, find } = await rig(t)
  const { bytes, shard } = blobOf('one', 'two', 'three')
  const url = put('shard', bytes)
  assert.equal(await take(await location(shard.multihash, [url], { space: alice })), undefined)
  assert.equal(await publish([shard]), undefined)
  assert.deepEqual(find(alice, 'two'), [`claimed:${url}`])
  assert.deepEqual(index.spaces(sha(utf8.encode('two'))), [alice.did()])
  assert.deepEqual(find(mallory, 'two'), [])
  const [[slice] = []] = index.slices(alice.did(), [sha(utf8.encode('three'))])
  assert.deepEqual([slice!.offset, slice!.length], [6, 5])
})

test('whose a block is, the space or who is trusted says; others lend addresses', async (t) => {
  const { put, take, publish, find } = await rig(t)
  const { bytes, shard } = blobOf('one', 'two')
  const [real, lent] = [put('real', bytes), put('lent', bytes)]
  const by = async (issuer: ed25519.EdSigner, url: string): Promise<unknown> =>
    take(await location(shard.multihash, [url], { issuer, space: alice }))
  assert.equal(await by(stranger, lent), undefined)
  assert.equal(await by(mallory, lent), undefined)
  assert.equal(await publish([shard]), undefined)
  assert.deepEqual(find(alice, 'one'), [], 'nobody may say that it is of alice')
  assert.equal(await by(alice, real), undefined)
  assert.deepEqual(find(alice, 'one'), [`claimed:${real}`, `claimed:${lent}`])
})

test('fault 5, content poisoning: a block of others in an own shard is put nowhere', async (t) => {
  const { origin, put, take, publish, find } = await rig(t)
  const victim = blobOf('secret', 'other')
  const secret = put('victim', victim.bytes)
  await take(await location(victim.shard.multihash, [secret], { space: alice }))
  assert.equal(await publish([victim.shard]), undefined)
  const own = blobOf('poison', 'filler')
  const url = put('poison', own.bytes)
  await take(await location(own.shard.multihash, [url], { issuer: mallory, space: mallory }))
  const [first, second] = own.shard.slices
  const lying = [{ ...first!, multihash: sha(utf8.encode('secret')) }, second!]
  const poisoned = { ...own.shard, slices: lying }
  assert.equal(await publish([poisoned], mallory), 'IndexLied')
  assert.deepEqual(find(mallory, 'secret'), [])
  assert.deepEqual(find(alice, 'secret'), [`claimed:${secret}`])
  const before = origin.requests.length
  assert.equal(await publishAgain(), 'IndexLied', 'it is not taken in again')
  assert.equal(origin.requests.length, before, 'nor read again')

  async function publishAgain(): Promise<string | undefined> {
    const content = { version: 1, codec: RAW, multihash: lying[0]!.multihash } as const
    const index = dagIndexLink(
      encodeDagIndex({ content, shards: [poisoned] }, nodeHasher),
      nodeHasher,
    )
    const nb = { content: linkToCid(content), index: linkToCid(index) }
    return take(await archived(mallory, 9e9, 'assert/index', nb))
  }
})

test('fault 5, content poisoning: an index of others’ shards puts them nowhere else', async (t) => {
  const { put, take, publish, find } = await rig(t)
  const { bytes, shard } = blobOf('secret', 'other')
  await take(await location(shard.multihash, [put('victim', bytes)], { space: alice }))
  assert.equal(await publish([shard], mallory), undefined)
  assert.deepEqual(find(mallory, 'secret'), [])
  assert.equal(find(alice, 'secret').length, 1)
})

test('a slice that lies to a reader takes its index with it, for a while', async (t) => {
  const { index, put, take, publish, find, time } = await rig(t)
  const { bytes, shard } = blobOf('one', 'two')
  const url = put('shard', bytes)
  await take(await location(shard.multihash, [url], { space: alice }))
  await take(await location(shard.multihash, [`${url}-too`], { space: alice }))
  assert.equal(await publish([shard]), undefined)
  const one = sha(utf8.encode('one'))
  const [[slice] = []] = index.slices(alice.did(), [one])
  const [first, second] = slice!.blob.sites
  index.lied(one, { ...slice!, offset: 1 }, first!.url)
  index.lied(one, slice!, first!.url)
  assert.equal(find(alice, 'two').length, 2, 'the other address may have it')
  index.lied(one, slice!, second!.url)
  assert.deepEqual([find(alice, 'one'), find(alice, 'two')], [[], []])
  time.monotonicMs += LOCATED_KEPT_MS
  assert.equal(find(alice, 'two').length, 2, 'they may have been mended')
})

test('last index wins: all shards and addresses of a block are kept', async (t) => {
  const { put, take, publish, find } = await rig(t)
  const one = blobOf('shared', 'a')
  const two = blobOf('b', 'shared')
  const urls = [put('one', one.bytes), put('also-one', one.bytes), put('two', two.bytes)]
  await take(await location(one.shard.multihash, [urls[0]!], { space: alice }))
  await take(await location(one.shard.multihash, [urls[1]!], { space: alice }))
  await take(await location(two.shard.multihash, [urls[2]!], { space: alice }))
  assert.equal(await publish([one.shard]), undefined)
  assert.equal(await publish([two.shard]), undefined)
  assert.deepEqual(
    find(alice, 'shared'),
    urls.map((url) => `claimed:${url}`),
  )
})

test('expired claims used: what expires or is revoked is not used any more', async (t) => {
  const { put, take, publish, find, time, catalog } = await rig(t)
  const { bytes, shard } = blobOf('one', 'two')
  const url = put('shard', bytes)
  const expiration = time.nowMs / 1000 + 10
  const brief = await location(shard.multihash, [url], { space: alice, expiration })
  assert.equal(await take(brief), undefined)
  assert.equal(await publish([shard]), undefined)
  time.nowMs += 9_999
  assert.equal(find(alice, 'one').length, 1)
  time.nowMs += 1
  assert.deepEqual(find(alice, 'one'), [])
  assert.equal(await take(brief), 'ClaimInvalid')
  assert.equal(await take(await location(shard.multihash, [url], { space: alice })), undefined)
  assert.equal(find(alice, 'one').length, 1)
  const { cid } = catalog.prepare('SELECT cid FROM claims ORDER BY id DESC LIMIT 1').get()!
  const revocation = { revokedMs: 0, archive: new Uint8Array(), cid: cid as Uint8Array }
  new CatalogDelegations(catalog).revoke({ ...revocation, issuer: service.did() })
  assert.deepEqual(find(alice, 'one'), [])
})

test('indexes of who is not believed are not read', async (t) => {
  const { origin, put, take, publish, find } = await rig(t)
  const { bytes, shard } = blobOf('one', 'two')
  await take(await location(shard.multihash, [put('shard', bytes)], { space: alice }))
  assert.equal(await publish([shard], stranger), undefined)
  assert.deepEqual(find(alice, 'one'), [])
  assert.deepEqual(origin.requests, [])
})

test('an index that can not be read or checked is refused, and may come again', async (t) => {
  const { put, take, publish, origin } = await rig(t)
  const { bytes, shard } = blobOf('one', 'two')
  assert.equal(await publish([shard]), 'IndexUnavailable', 'nobody says where the shard lies')
  await take(await location(shard.multihash, [`${origin.url}/shard`], { space: alice }))
  assert.equal(await publish([shard]), 'IndexUnavailable', 'it is not there')
  put('shard', bytes)
  assert.equal(await publish([shard]), undefined)
})

test('of a large index a sample is read', async (t) => {
  const { origin, put, take, publish } = await rig(t)
  const texts = Array.from({ length: INDEX_CHECKS_MAX + 50 }, (_, i) => `block ${i}`)
  const { bytes, shard } = blobOf(...texts)
  await take(await location(shard.multihash, [put('shard', bytes)], { space: alice }))
  assert.equal(await publish([shard]), undefined)
  const reads = origin.requests.filter(({ url }) => url === '/shard')
  assert.equal(reads.length, INDEX_CHECKS_MAX)
  assert.equal(new Set(reads.map(({ range }) => range)).size, INDEX_CHECKS_MAX, 'each once')
})

test('addresses in claims that are no public https ones are not asked', async (t) => {
  const { folder } = await openScratch(t)
  const taking = openTaking({
    folder,
    clock: { nowMs: () => 0, monotonicMs: () => 0 },
    checks: new SignatureChecks(nodeVerifier),
    trust: { gateways: [], issuers: [service.did()] },
    serves: () => true,
    allowPrivate: false,
  })
  const origin = await startTestOrigin()
  t.after(async () => {
    taking.close()
    await origin.close()
  })
  const { signal } = new AbortController()
  const index = sha(utf8.encode('index'))
  for (const url of [`${origin.url}/x`, 'file:///etc/passwd', 'local:zQm', 's3:bucket/x'])
    await acceptClaim(await location(index, [url]), undefined, { ...taking, signal })
  const nb = {
    content: { digest: index },
    index: linkToCid({ version: 1, codec: CAR, multihash: index }),
  }
  const claim = await archived(service, Infinity, 'assert/index', nb)
  const taken = await acceptClaim(claim, undefined, { ...taking, signal })
  assert.equal(taken.error?.name, 'IndexUnavailable')
  assert.deepEqual(origin.requests, [])
})
