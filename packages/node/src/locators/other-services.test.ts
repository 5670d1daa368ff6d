import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dagIndexLink } from '@turnpike/core/blob-index'
import { BLOCK_BYTES_MAX } from '@turnpike/core/limits'
import { linkToString, RAW } from '@turnpike/core/link'
import { rawBlocks } from '@turnpike/gateway/testing/blocks'
import { gatewayDid } from '@turnpike/gateway/testing/world'
import { nodeHasher } from '../hasher.ts'
import {
  claimsCar,
  indexed,
  indexOf,
  located,
  shardOf,
  SPACE,
  startRig,
  textOf,
} from './testing/rig.ts'

const blocks = rawBlocks(3, 20_000)
const [block, second] = blocks as [(typeof blocks)[number], (typeof blocks)[number]]
const shard = shardOf(blocks)
const index = indexOf(block.link, [shard])
const name = dagIndexLink(index, nodeHasher).multihash

test('a content claims service leads by an index, fetched and checked, to a block', async (t) => {
  const rig = await startRig(t, (url) => ({ indexingServices: [], claimsServices: [url] }))
  const claims = new Map([
    [textOf(block.link.multihash), [await indexed(SPACE, block.link, index)]],
    [textOf(name), [await located(SPACE, name, [rig.put('/i', index)], { space: SPACE })]],
    [
      textOf(shard.multihash),
      [await located(SPACE, shard.multihash, [rig.put('/s', shard.bytes)], { space: SPACE })],
    ],
  ])
  rig.state.answer = ({ pathname }) => {
    const known = claims.get(pathname.split('/').at(-1)!)
    return known === undefined ? 404 : claimsCar(known)
  }
  const { status, body } = await rig.get(block)
  assert.ok(status === 200 && Buffer.from(block.bytes).equals(body))
  assert.equal((await rig.get(second)).status, 200, 'it is in the same index')
  assert.equal((await rig.get(rawBlocks(9, 99)[8]!)).status, 404, '404 is that nothing is known')
})

test('an index that can not be had is no sign that content is nowhere', async (t) => {
  const rig = await startRig(t, (url) => ({ indexingServices: [], claimsServices: [url] }))
  const bad = Uint8Array.from(index).fill(7, -1)
  const claim = await indexed(SPACE, block.link, index)
  const location = await located(SPACE, name, [rig.put('/i', bad)], { space: SPACE })
  rig.state.answer = ({ pathname }) =>
    claimsCar([pathname.endsWith(textOf(name)) ? location : claim])
  assert.equal((await rig.get(block)).status, 502)
})

test('a location of a range of something larger is read there', async (t) => {
  const rig = await startRig(t, (url) => ({ indexingServices: [], claimsServices: [url] }))
  const { offset, length } = shard.slices[0]!
  const url = rig.put('/s', shard.bytes)
  const { multihash } = block.link
  const claim = await located(SPACE, multihash, [url], { space: SPACE, offset, length })
  rig.state.answer = () => claimsCar([claim])
  const { status, body } = await rig.get(block)
  assert.ok(status === 200 && Buffer.from(block.bytes).equals(body))
  assert.equal(rig.origin.requests[0]!.range, `bytes=${offset}-${offset + length - 1}`)
})

test('routers lead to trustless gateways, for content that is of no space', async (t) => {
  const rig = await startRig(t, (url) => ({
    indexingServices: [],
    routers: [url],
    legacyContent: 'serve',
  }))
  const pathOf = (one: typeof block): string =>
    `/ipfs/${linkToString({ version: 1, codec: RAW, multihash: one.link.multihash })}`
  for (const one of [block, second]) rig.put(pathOf(one), one.bytes)
  const host = new URL(rig.origin.url)
  const record = {
    Schema: 'peer',
    Protocols: ['transport-ipfs-gateway-http'],
    Addrs: [`/ip4/${host.hostname}/tcp/${host.port}/http`],
  }
  rig.state.answer = () => new TextEncoder().encode(JSON.stringify({ Providers: [record] }))
  const { status, body } = await rig.get(block)
  assert.ok(status === 200 && Buffer.from(block.bytes).equals(body))
  assert.equal(rig.world.reads[0]!.space, gatewayDid)
  assert.equal(rig.world.fetches[0]!.provider, rig.origin.url)
  assert.equal((await rig.get(second)).status, 200)
  assert.equal(rig.service.requests.length, 1, 'who had the one is asked for the other')
  assert.equal((await rig.get(rawBlocks(9, 99)[8]!)).status, 404)
  const large = rawBlocks(1, 500)[0]!
  rig.origin.put(pathOf(large), { size: BLOCK_BYTES_MAX + 1, read: () => new Uint8Array() })
  assert.equal((await rig.get(large)).status, 502)
  rig.put(
    pathOf(large),
    large.bytes.map((byte) => byte ^ 1),
  )
  rig.state.aheadMs += 120_000
  assert.equal((await rig.get(large)).status, 502, 'what it sent is not what was asked for')
})

test('routers are not asked where content of no space is refused', async (t) => {
  const rig = await startRig(t, (url) => ({ indexingServices: [], routers: [url] }))
  assert.equal((await rig.get(block)).status, 404)
  assert.equal(rig.service.requests.length, 0)
})
