import assert from 'node:assert/strict'
import { test } from 'node:test'
import { linkToString } from '@turnpike/core/link'
import { createGateway } from './gateway.ts'
import { serverTiming } from './server-timing.ts'
import { rawBlock } from './testing/blocks.ts'
import { type Got, World, alice, drain } from './testing/world.ts'

test('stretches follow one another and add up to the first byte', () => {
  assert.deepEqual(serverTiming(10, { locatedAtMs: 10.25, resolvedAtMs: 11.256 }, 12), [
    'Server-Timing',
    'locate;dur=0.25, resolve;dur=1.01, read;dur=0.74',
  ])
  assert.deepEqual(serverTiming(10, { locatedAtMs: 12, resolvedAtMs: undefined }, 30_012), [
    'Server-Timing',
    'locate;dur=2, resolve;dur=30000',
  ])
})

test('an answer says where its time went, unless it was kept whole', async () => {
  const block = rawBlock(new TextEncoder().encode('slow'))
  const world = new World()
  world.put(alice, [block])
  world.onFill = () => {
    world.tick(40)
    return undefined
  }
  const gateway = createGateway(world.deps())
  const ask = async (path: string): Promise<Got> => {
    const { signal } = new AbortController()
    const url = `http://gateway.example${path}`
    return drain(await gateway.handle({ method: 'GET', url, headers: new Headers(), signal }))
  }
  const path = `/ipfs/${linkToString(block.link)}`
  const first = await ask(path)
  assert.equal(first.headers.get('server-timing'), 'locate;dur=0, resolve;dur=0, read;dur=40')
  assert.equal(first.headers.get('timing-allow-origin'), '*')
  assert.match(first.headers.get('access-control-expose-headers')!, /Server-Timing/)
  const second = await ask(path)
  assert.equal(second.status, 200)
  assert.equal(second.headers.get('server-timing'), undefined)
  const lost = await ask(`${path}/no`)
  assert.equal(lost.status, 404)
  assert.equal(lost.headers.get('server-timing'), 'locate;dur=0, resolve;dur=0')
})
