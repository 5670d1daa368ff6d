import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { decodeCar } from '@turnpike/core/car/decode'
import { linkToBytes } from '@turnpike/core/link'
import { SERVICE_ANSWER_BYTES_MAX, SERVICE_FAILURES_MAX } from '@turnpike/core/limits/claims'
import { noise, rawBlock, rawBlocks } from '@turnpike/gateway/testing/blocks'
import { gatewayDid } from '@turnpike/gateway/testing/world'
import {
  indexed,
  indexOf,
  located,
  OTHER,
  queryResult,
  shardOf,
  SPACE,
  startRig,
  STRANGER,
  type Rig,
} from './testing/rig.ts'

const blocks = rawBlocks(3, 20_000)
const [block, second] = blocks as [(typeof blocks)[number], (typeof blocks)[number]]
const shard = shardOf(blocks)
const index = indexOf(block.link, [shard])

/** A rig whose origin has the shard at `/a.car`. */
async function holding(
  t: TestContext,
  settings: Parameters<typeof startRig>[1] = {},
): Promise<{ rig: Rig; url: string }> {
  const rig = await startRig(t, settings)
  return { rig, url: rig.put('/a.car', shard.bytes) }
}

/** What a truthful service says of the shard. */
async function truth(url: string): Promise<Uint8Array[]> {
  const space = { space: SPACE }
  return [
    await located(SPACE, shard.multihash, [url], space),
    await indexed(SPACE, block.link, index),
  ]
}

test('what claims and index say is found, fetched by ranges, verified and served', async (t) => {
  const { rig, url } = await holding(t)
  const answer = queryResult(await truth(url), [index])
  rig.state.answer = () => answer
  for (const one of blocks) {
    const { status, body } = await rig.get(one)
    assert.ok(status === 200 && Buffer.from(one.bytes).equals(body))
  }
  assert.equal(rig.service.requests.length, 1, 'the index lists the others, too')
  assert.ok(rig.origin.requests.every(({ status }) => status === 206))
  assert.equal(rig.world.reads[0]!.space, SPACE.did())
  assert.equal(rig.world.fetches[0]!.provider, rig.origin.url)
})

test('a claim that was tampered with counts for nothing', async (t) => {
  const { rig, url } = await holding(t)
  const answer = queryResult(await truth(url), [index])
  const at = Buffer.from(answer).indexOf('/a.car')
  answer[at + 1]! ^= 1
  rig.state.answer = () => answer
  const { status } = await rig.get(block)
  assert.equal(status, 502, 'an answer whose blocks do not match their hashes is none')
  const [location, claim] = await truth(url)
  const forged = queryResult([await located(STRANGER, shard.multihash, [url], { space: SPACE })])
  rig.state.answer = () => forged
  assert.equal((await rig.get(second)).status, 404)
  assert.ok(location && claim)
  assert.equal(rig.origin.requests.length, 0)
})

test('fault 5.1 #6: an expired claim is not used, nor one that expires meanwhile', async (t) => {
  const { rig, url } = await holding(t)
  const expiresMs = Date.now() + 60_000
  const space = SPACE
  const claims = [
    await located(SPACE, shard.multihash, [url], { space, expiresMs }),
    await indexed(SPACE, block.link, index),
  ]
  const answer = queryResult(claims, [index])
  rig.state.answer = () => answer
  assert.equal((await rig.get(block)).status, 200)
  rig.state.aheadMs += 120_000
  assert.equal((await rig.get(second)).status, 404)
})

test('fault 5.1 #6: whose content it is counts only from issuers that are believed', async (t) => {
  const { rig, url } = await holding(t, { claimIssuers: [STRANGER.did()] })
  const claims = [
    await located(STRANGER, shard.multihash, [url], { space: SPACE }),
    await indexed(OTHER, block.link, index),
  ]
  const answer = queryResult(claims, [index])
  rig.state.answer = () => answer
  assert.equal((await rig.get(block)).status, 200, 'the operator lists this one')
  const wary = await holding(t)
  wary.rig.state.answer = () => answer
  assert.equal((await wary.rig.get(block)).status, 404)
  assert.equal(wary.rig.origin.requests.length, 0)
})

test('content without a space is refused, or served on our own account', async (t) => {
  const { rig, url } = await holding(t, { legacyContent: 'serve' })
  const claims = [
    await located(STRANGER, shard.multihash, [url]),
    await indexed(STRANGER, block.link, index),
  ]
  const answer = queryResult(claims, [index])
  rig.state.answer = () => answer
  assert.equal((await rig.get(block)).status, 200)
  assert.equal(rig.world.reads[0]!.space, gatewayDid)
  assert.equal((await rig.get(second, `?format=raw&space=${SPACE.did()}`)).status, 404)
})

test('nobody takes a block out of its space by claims of their own', async (t) => {
  const { rig, url } = await holding(t, { legacyContent: 'serve' })
  const claims = [...(await truth(url)), await located(STRANGER, shard.multihash, [url])]
  const answer = queryResult(claims, [index])
  rig.state.answer = () => answer
  rig.world.granted.delete(SPACE.did())
  assert.equal((await rig.get(block)).status, 404)
  rig.world.put(OTHER.did(), [second])
  rig.world.granted.delete(OTHER.did())
  assert.equal((await rig.get(second)).status, 404)
})

test('fault 5.1 #5: an index with the block of another in its shard poisons nothing', async (t) => {
  const { rig, url } = await holding(t)
  const noisy = shardOf([rawBlock(noise(100_000, 77))])
  const poison = { ...noisy, slices: shard.slices }
  const evil = indexOf(block.link, [poison])
  const evilUrl = rig.put('/evil.car', poison.bytes)
  const lies = [
    await located(OTHER, poison.multihash, [evilUrl], { space: OTHER }),
    await indexed(OTHER, block.link, evil),
  ]
  const answer = queryResult([...lies, ...(await truth(url))], [evil, index])
  rig.state.answer = () => answer
  for (const one of blocks) {
    const { status, body } = await rig.get(one)
    assert.ok(status === 200 && Buffer.from(one.bytes).equals(body))
  }
  const reads = rig.world.reads.map(({ space }) => space)
  assert.deepEqual([...new Set(reads)], [SPACE.did()])
})

test('an index that no claim names is not used', async (t) => {
  const { rig, url } = await holding(t)
  const answer = queryResult([(await truth(url))[0]!], [index])
  rig.state.answer = () => answer
  assert.equal((await rig.get(block)).status, 404)
})

test('addresses that are private, local or of files are never asked', async (t) => {
  const { rig, url } = await holding(t, { allowPrivateOrigins: false })
  rig.world.put('did:key:z6MkSomebody', [block])
  const urls = [url, 'https://127.0.0.1/', 'local:', 'file:///etc/hostname', 's3://bucket/key']
  const claims = [
    await located(SPACE, shard.multihash, urls, { space: SPACE }),
    await indexed(SPACE, block.link, index),
  ]
  const answer = queryResult(claims, [index])
  rig.state.answer = () => answer
  assert.equal((await rig.get(block)).status, 502)
  assert.equal(rig.origin.requests.length, 0)
  assert.equal(rig.world.opened.length, 0)
})

test('fault 2.3: an origin that redirects, or sends another range, makes room', async (t) => {
  for (const lie of ['redirect', 'wrong-range', 'flipped-bit', 'short-length', 'gzip'] as const) {
    const { rig, url } = await holding(t)
    const bad = rig.put('/bad.car', shard.bytes)
    rig.origin.lieAbout('/bad.car', lie)
    const claims = [
      await located(SPACE, shard.multihash, [bad, url], { space: SPACE }),
      await indexed(SPACE, block.link, index),
    ]
    const answer = queryResult(claims, [index])
    rig.state.answer = () => answer
    const { status, body } = await rig.get(block)
    assert.ok(status === 200 && Buffer.from(block.bytes).equals(body), lie)
    rig.origin.lieAbout('/a.car', lie)
    assert.equal((await rig.get(second)).status, 502, lie)
  }
})

test('fault 2.3: an origin that ignores ranges is read from its start', async (t) => {
  const { rig, url } = await holding(t)
  rig.origin.lieAbout('/a.car', 'whole')
  const answer = queryResult(await truth(url), [index])
  rig.state.answer = () => answer
  const { status, body } = await rig.get(second)
  assert.ok(status === 200 && Buffer.from(second.bytes).equals(body))
  assert.equal(rig.origin.requests[0]!.status, 200)
})

test('fault 2.1: all shards and addresses of a block are kept, and tried in turn', async (t) => {
  const { rig, url } = await holding(t)
  const other = shardOf([...rawBlocks(5, 9000), ...blocks])
  const gone = `${rig.origin.url}/gone.car`
  const both = indexOf(block.link, [other, shard])
  const claims = [
    await located(SPACE, other.multihash, [gone], { space: SPACE }),
    await located(SPACE, shard.multihash, [gone], { space: SPACE }),
    await located(SPACE, shard.multihash, [url], { space: SPACE }),
    await indexed(SPACE, block.link, both),
  ]
  const answer = queryResult(claims, [both])
  rig.state.answer = () => answer
  assert.equal((await rig.get(block)).status, 200)
})

test('fault 5.1 #9: what was found for one space is never an answer for another', async (t) => {
  const { rig, url } = await holding(t)
  const answer = queryResult(await truth(url), [index])
  rig.state.answer = () => answer
  assert.equal((await rig.get(block)).status, 200)
  assert.equal((await rig.get(block, `?format=raw&space=${OTHER.did()}`)).status, 404)
  assert.equal((await rig.get(block)).status, 200)
})

test('a claim that was taken back is not used from then on', async (t) => {
  const { rig, url } = await holding(t)
  const claims = await truth(url)
  const answer = queryResult(claims, [index])
  rig.state.answer = () => answer
  assert.equal((await rig.get(block)).status, 200)
  const cid = linkToBytes(decodeCar(claims[0]!).ok!.frames.at(-2)!.link)
  const revoked = { cid, revokedMs: 0, archive: undefined }
  rig.state.revocations.push({ ...revoked, issuer: STRANGER.did() })
  assert.equal((await rig.get(second)).status, 200, 'only its issuer takes it back')
  rig.state.revocations.push({ ...revoked, issuer: SPACE.did() })
  assert.equal((await rig.get(second)).status, 404)
})

test('answers that are endless, too large or nonsense are faults of the service', async (t) => {
  for (const [said, status] of [
    [undefined, 504],
    [new Uint8Array(SERVICE_ANSWER_BYTES_MAX + 1), 502],
    [new TextEncoder().encode('<html>'), 502],
    [302, 502],
    [500, 502],
  ] as const) {
    const rig = await startRig(t)
    rig.state.answer = () => said
    const startedMs = performance.now()
    assert.equal((await rig.get(block)).status, status)
    assert.ok(performance.now() - startedMs < 5000)
  }
})

test('fault 2.1: a service that is down is 502, then left alone, then asked again', async (t) => {
  const { rig, url } = await holding(t)
  const answer = queryResult(await truth(url), [index])
  rig.state.answer = () => 503
  const others = rawBlocks(12, 700)
  // No more than it takes: each is 300 ms later by the rig's clock, and a second may be enough.
  for (const one of others.slice(0, SERVICE_FAILURES_MAX))
    assert.equal((await rig.get(one)).status, 502)
  const failedMs = performance.now()
  const asked = rig.service.requests.length
  rig.state.answer = () => answer
  // However slow the machine is, it has just failed.
  rig.state.aheadMs -= Math.floor(performance.now() - failedMs)
  const startedMs = performance.now()
  const { status, headers } = await rig.get(others[7]!)
  assert.deepEqual([status, headers.get('retry-after')], [502, '10'])
  assert.ok(performance.now() - startedMs < 400, 'without waiting')
  assert.equal(rig.service.requests.length, asked)
  rig.state.aheadMs += 120_000
  assert.equal((await rig.get(block)).status, 200)
})

test('a service that fails hides neither what another knows, nor that it may know', async (t) => {
  const { rig, url } = await holding(t, (service) => ({
    indexingServices: ['http://127.0.0.1:9/', service],
  }))
  const answer = queryResult(await truth(url), [index])
  rig.state.answer = () => answer
  assert.equal((await rig.get(block)).status, 200)
  assert.equal((await rig.get(block)).status, 200)
  assert.equal(rig.service.requests.length, 1, 'what was found is kept all the same')
  rig.state.answer = () => queryResult([])
  assert.equal((await rig.get(rawBlocks(9, 100)[8]!)).status, 502)
})

test('a thousand who ask for what nobody has are one question', async (t) => {
  const rig = await startRig(t)
  const answers = await Promise.all(Array.from({ length: 1000 }, () => rig.get(block)))
  assert.ok(answers.every(({ status }) => status === 404))
  assert.ok(rig.service.requests.length <= 2, `${rig.service.requests.length}`)
})
