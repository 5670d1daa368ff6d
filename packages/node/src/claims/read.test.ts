import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { delegate, DID } from '@ucanto/core'
import * as ed25519 from '@ucanto/principal/ed25519'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { URL_CHARS_MAX } from '@turnpike/core/limits'
import { CLAIM_LINKS_MAX, CLAIM_URLS_MAX } from '@turnpike/core/limits/claims'
import { decodeQueryResult } from '@turnpike/core/locate/answers'
import { SignatureChecks } from '@turnpike/core/ucan/signed-by'
import { readClaim, readKnownClaim, type ClaimFault } from '@turnpike/core/claims/read'
import type { ClaimSays } from '@turnpike/core/claims/says'
import { believedSpace, isTrusted } from '@turnpike/core/claims/trust'
import { nodeHasher as hasher } from '../hasher.ts'
import { nodeVerifier as verifier } from '../names/verifier.ts'

const issuer = await ed25519.generate()
const other = await ed25519.generate()
const space = await ed25519.generate()
/** Somebody else's key, under the issuer's name. */
const forged = other.withDID(issuer.did() as never)
const NOW_MS = 1_800_000_000_000
const NOW_S = NOW_MS / 1000

const deps = {
  hasher,
  checks: new SignatureChecks(verifier),
  nowMs: NOW_MS,
  signal: new AbortController().signal,
}

const link = CID.parse('bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy')
const v0 = CID.parse('QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG')

type Options = Partial<Parameters<typeof delegate>[0]>

async function archived(can: string, nb: object, options: Options = {}): Promise<Uint8Array> {
  const claim = await delegate({
    issuer,
    audience: issuer,
    capabilities: [{ can, with: issuer.did(), nb }],
    expiration: Infinity,
    ...options,
  } as never)
  return (await claim.archive()).ok!
}

async function saysOf(can: string, nb: object): Promise<ClaimSays | ClaimFault> {
  const claim = await readClaim(await archived(can, nb), deps)
  return claim.error?.fault ?? claim.ok!.says
}

const URLS = ['https://a.example/x', 'https://b.example/y']

test('each kind of claim is read as it was written', async () => {
  const content = { digest: link.multihash.bytes }
  const did = Uint8Array.from(DID.parse(space.did()))
  const range = { offset: 5, length: 10 }
  assert.deepEqual(
    await saysOf('assert/location', { content, location: URLS, range, space: did }),
    {
      kind: 'location',
      urls: URLS,
      offset: 5,
      length: 10,
      space: space.did(),
    },
  )
  const bare = { kind: 'location', urls: URLS, offset: 0, length: undefined, space: undefined }
  assert.deepEqual(await saysOf('assert/location', { content: link, location: URLS }), bare)
  assert.deepEqual(await saysOf('assert/location', { content: v0, location: URLS }), bare)
  const web = Uint8Array.from(DID.parse('did:web:up.example'))
  const told = await saysOf('assert/location', { content, location: URLS, space: web })
  assert.equal(
    typeof told === 'object' && told.kind === 'location' && told.space,
    'did:web:up.example',
  )
  const linked = { version: 1, codec: link.code, multihash: link.multihash.bytes } as const
  assert.deepEqual(await saysOf('assert/index', { content: link, index: link }), {
    kind: 'index',
    index: linked,
  })
  assert.deepEqual(await saysOf('assert/equals', { content, equals: link }), {
    kind: 'equals',
    equals: linked,
  })
  assert.deepEqual(await saysOf('assert/inclusion', { content, includes: link, proof: link }), {
    kind: 'inclusion',
    includes: linked,
  })
  assert.deepEqual(await saysOf('assert/partition', { content, blocks: link, parts: [link] }), {
    kind: 'partition',
    parts: [linked],
  })
  const parts = [{ content: link }, { content: link, includes: { content: link, parts: [link] } }]
  assert.deepEqual(await saysOf('assert/relation', { content, children: [link], parts }), {
    kind: 'relation',
    children: [linked],
    parts: [
      { content: linked, index: undefined },
      { content: linked, index: linked },
    ],
  })
})

test('what is malformed is refused', async () => {
  const content = { digest: link.multihash.bytes }
  const far = Number.MAX_SAFE_INTEGER
  const long = `https://a.example/${'x'.repeat(URL_CHARS_MAX)}`
  const cases: readonly (readonly [string, object])[] = [
    ['assert/location', { location: URLS }],
    ['assert/location', { content: 'x', location: URLS }],
    ['assert/location', { content: { digest: new Uint8Array([1, 2, 3]) }, location: URLS }],
    ['assert/location', { content: { digest: new Uint8Array(300) }, location: URLS }],
    ['assert/location', { content }],
    ['assert/location', { content, location: [] }],
    ['assert/location', { content, location: ['no address'] }],
    ['assert/location', { content, location: [long] }],
    ['assert/location', { content, location: Array(CLAIM_URLS_MAX + 1).fill(URLS[0]) }],
    ['assert/location', { content, location: URLS, range: { offset: -1 } }],
    ['assert/location', { content, location: URLS, range: { offset: 1.5 } }],
    ['assert/location', { content, location: URLS, range: { length: -1 } }],
    ['assert/location', { content, location: URLS, range: { offset: far, length: far } }],
    ['assert/location', { content, location: URLS, range: [0, 1] }],
    ['assert/location', { content, location: URLS, space: space.did() }],
    ['assert/location', { content, location: URLS, space: new Uint8Array([1, 2]) }],
    ['assert/index', { content: link }],
    ['assert/index', { content: link, index: link.bytes }],
    ['assert/equals', { content: link }],
    ['assert/inclusion', { content: link, includes: {} }],
    ['assert/partition', { content: link, parts: [link, 'x'] }],
    ['assert/partition', { content: link, parts: Array(CLAIM_LINKS_MAX + 1).fill(link) }],
    ['assert/relation', { content: link, children: [], parts: [{}] }],
    ['assert/relation', { content: link, parts: [] }],
    ['assert/else', { content: link }],
    ['space/content/serve/*', { content: link }],
  ]
  for (const [can, nb] of cases)
    assert.equal(await saysOf(can, nb), 'malformed', `${can} ${JSON.stringify(nb).slice(0, 80)}`)
  const at = Array(CLAIM_URLS_MAX).fill(URLS[0])
  assert.equal(typeof (await saysOf('assert/location', { content, location: at })), 'object')
  const two = { capabilities: [0, 1].map(() => ({ can: 'assert/equals', with: issuer.did() })) }
  const several = await readClaim(await archived('', {}, two as never), deps)
  assert.equal(several.error?.fault, 'malformed')
  assert.equal((await readClaim(new Uint8Array([1, 2, 3]), deps)).error?.fault, 'malformed')
  const nb = { content: link, equals: link }
  const late = await archived('assert/equals', nb, { expiration: Number.MAX_SAFE_INTEGER })
  assert.equal((await readClaim(late, deps)).error?.fault, 'malformed')
})

test('fault 6, claims unverified: each way to break a claim is found, at any time', async () => {
  const second = fc.integer({ min: -100, max: 100 })
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        starts: fc.option(second, { nil: undefined }),
        expires: fc.option(second, { nil: undefined }),
        signer: fc.constantFrom('issuer', 'other'),
        flip: fc.option(fc.nat(), { nil: undefined }),
      }),
      async ({ starts, expires, signer, flip }) => {
        const notBefore = starts === undefined ? undefined : NOW_S + starts
        const expiration = expires === undefined ? Infinity : NOW_S + expires
        const claim = await delegate({
          issuer: signer === 'issuer' ? issuer : forged,
          audience: issuer,
          capabilities: [
            { can: 'assert/equals', with: issuer.did(), nb: { content: link, equals: link } },
          ],
          expiration,
          ...(notBefore !== undefined && { notBefore }),
        } as never)
        const archive = new Uint8Array((await claim.archive()).ok!)
        if (flip !== undefined) archive[flip % archive.length]! ^= 1
        const { error } = await readClaim(archive, deps)
        const inForce = (expires ?? 1) > 0 && (starts ?? 0) <= 0
        assert.equal(error === undefined, signer === 'issuer' && flip === undefined && inForce)
        if (flip !== undefined || error === undefined) return
        const fault = (expires ?? 1) <= 0 ? 'expired' : (starts ?? 0) > 0 ? 'early' : 'signature'
        assert.equal(error.fault, fault)
      },
    ),
    { numRuns: 60 },
  )
})

test('a claim by a DID whose keys can not be had is not taken for forged', async () => {
  const checks = new SignatureChecks(verifier, {
    resolve: () => ({ error: Object.assign(new Error('x'), { fault: 'unavailable' }) }) as never,
  })
  const webIssuer = issuer.withDID('did:web:service.example')
  const archive = await archived('assert/equals', { content: link, equals: link }, {
    issuer: webIssuer,
  } as never)
  assert.equal((await readClaim(archive, { ...deps, checks })).error?.fault, 'unresolved')
  assert.equal((await readClaim(archive, deps)).error?.fault, 'signature')
  assert.equal(readKnownClaim(archive, hasher).ok?.issuer, 'did:web:service.example')
})

test('whose a claim’s content is, is believed from the space, the gateway, who is listed', () => {
  const dids = ['did:key:space', 'did:key:gateway', 'did:web:listed', 'did:key:else'] as const
  const trust = { gateways: ['did:key:gateway'], issuers: ['did:web:listed'] }
  for (const by of dids) {
    const believed = by !== 'did:key:else'
    assert.equal(
      believedSpace({ issuer: by, space: dids[0] }, trust),
      believed ? dids[0] : undefined,
    )
    assert.equal(believedSpace({ issuer: by, space: undefined }, trust), undefined)
    assert.equal(isTrusted(by, trust), by === 'did:key:gateway' || by === 'did:web:listed')
  }
})

const fixture = resolve(
  import.meta.dirname,
  '../../../../../shared/fixtures/indexing-service',
  'zQmRm3SMS4EbiKYy7VeV3zqXqzyr76mq9b2zg3Tij3VhKUG.queryresult.car',
)

test(
  'a recorded answer of an indexing service is verified, as of its time',
  { skip: existsSync(fixture) ? false : 'needs the shared fixtures' },
  async () => {
    const answer = decodeQueryResult(readFileSync(fixture), hasher).ok!
    const at = { ...deps, nowMs: Date.UTC(2024, 9, 1) }
    const kinds: string[] = []
    for (const archive of answer.claims) {
      const claim = await readClaim(archive, at)
      assert.ifError(claim.error)
      kinds.push(claim.ok!.says.kind)
      assert.equal((await readClaim(archive, deps)).error?.fault, 'expired')
    }
    assert.deepEqual(kinds.toSorted(), ['index', 'location', 'location'])
  },
)
