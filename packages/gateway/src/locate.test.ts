import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Slice } from '@turnpike/core/ports/blob'
import { type ContentIndex, LocatorFault, type SpaceDid } from '@turnpike/core/ports/content'
import { linkToString } from '@turnpike/core/link'
import { createGateway } from './gateway.ts'
import { rawBlocks } from './testing/blocks.ts'
import { World, alice, bob, drain, gatewayDid, type Got } from './testing/world.ts'

const [block] = rawBlocks(1, 5000) as [ReturnType<typeof rawBlocks>[number]]
const AWAY = ['https://nodes.example']

/** An index that knows `near`, and asks `far` about the rest. */
class Asking implements ContentIndex {
  readonly here: ContentIndex
  readonly #far: ContentIndex
  fault: LocatorFault | undefined
  asked = 0

  constructor(near: World, far: World) {
    this.here = near
    this.#far = far
  }

  async spaces(multihash: Uint8Array): Promise<readonly SpaceDid[]> {
    const near = await this.here.spaces(multihash)
    const far = await this.#ask(() => this.#far.spaces(multihash))
    return [...near, ...far.filter((space) => !near.includes(space))]
  }

  async slices(
    space: SpaceDid,
    multihashes: readonly Uint8Array[],
  ): Promise<readonly (readonly Slice[])[]> {
    const near = await this.here.slices(space, multihashes)
    if (near.every((slices) => slices.length > 0)) return near
    return this.#ask(() => this.#far.slices(space, multihashes))
  }

  #ask<T>(ask: () => T): T {
    this.asked++
    if (this.fault !== undefined) throw this.fault
    return ask()
  }
}

interface Rig {
  readonly near: World
  readonly far: World
  readonly index: Asking
  get(headers?: Record<string, string>, query?: string): Promise<Got>
}

function rig(): Rig {
  const near = new World()
  const far = new World()
  const index = new Asking(near, far)
  const readers = [
    { serves: (url: string) => url === 'local:', open: near.open.bind(near) },
    { serves: () => true, open: far.open.bind(far) },
  ]
  const gateway = createGateway(near.deps({ index, readers, blockCacheBytesMax: 0 }))
  const url = `http://gateway.example/ipfs/${linkToString(block.link)}`
  const get: Rig['get'] = async (headers = {}, query = '') => {
    near.tick(1000)
    return drain(await gateway.handle(new Request(url + query, { headers })))
  }
  return { near, far, index, get }
}

const down = new LocatorFault('LocatorUnavailable', 'https://i.example', 'got ECONNREFUSED')

test('what is here and allowed is served without asking anybody', async () => {
  const { near, index, get } = rig()
  near.put(alice, [block])
  assert.equal((await get()).status, 200)
  assert.equal(index.asked, 0)
})

test('what is elsewhere is served from there, on the account of its space', async () => {
  const { near, far, get } = rig()
  far.put(alice, [block], AWAY)
  const { status, body } = await get()
  assert.deepEqual([status, Buffer.from(block.bytes).equals(body)], [200, true])
  assert.equal(near.reads[0]!.space, alice)
  assert.equal(near.fetches[0]!.provider, AWAY[0])
})

test('others are asked about what is here and not allowed as about what is not here', async () => {
  const absent = rig()
  const refused = rig()
  refused.near.put(bob, [block])
  refused.near.granted.delete(bob)
  const answers = [await absent.get(), await refused.get()]
  assert.deepEqual(
    answers.map(({ status }) => status),
    [404, 404],
  )
  assert.equal(refused.index.asked, absent.index.asked)
  assert.deepEqual(answers[0]!.body, answers[1]!.body)
  assert.notEqual(refused.near.reads[0]!.deny, absent.near.reads[0]!.deny)
})

test('that others can not say is never told as that content is not there', async () => {
  const { near, index, get } = rig()
  index.fault = down
  const { status, headers, body } = await get()
  assert.equal(status, 502)
  assert.equal(headers.get('retry-after'), '10')
  assert.doesNotMatch(Buffer.from(body).toString(), /example|ECONN/)
  near.put(bob, [block])
  near.granted.delete(bob)
  assert.equal((await get()).status, 502)
  index.fault = new LocatorFault('LocatorTimeout', '', 'silence')
  assert.equal((await get()).status, 504)
  index.fault = undefined
  assert.equal((await get()).status, 404)
})

test('nobody is asked for who wants only what is here', async () => {
  const { far, index, get } = rig()
  far.put(alice, [block], AWAY)
  assert.equal((await get({ 'cache-control': 'only-if-cached' })).status, 412)
  assert.equal(index.asked, 0)
})

test('content of no space is on the account of the operator, unless one is named', async () => {
  const { near, far, get } = rig()
  far.put(gatewayDid, [block], AWAY)
  assert.equal((await get()).status, 200)
  assert.equal(near.reads[0]!.space, gatewayDid)
  assert.equal((await get({}, `?space=${alice}`)).status, 404)
})

test('where one space can not give it, the next that authorizes does', async () => {
  const { near, far, get } = rig()
  far.put(alice, [block], ['https://broken.example'])
  far.put(bob, [block], AWAY)
  far.onFill = (url) => {
    far.flip = url.includes('broken') ? { position: 40, mask: 1 } : undefined
    return undefined
  }
  assert.equal((await get()).status, 200)
  assert.equal(near.reads[0]!.space, bob)
  const failed = near.fetches.filter(({ failed: count }) => count > 0)
  assert.deepEqual(
    failed.map(({ provider }) => provider),
    ['https://broken.example'],
  )
})
