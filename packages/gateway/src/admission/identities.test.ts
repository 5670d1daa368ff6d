import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { linkToString } from '@turnpike/core/link'
import { DENY } from '@turnpike/core/log/entry'
import { type Authorization, Unauthorized } from '@turnpike/core/ports/content'
import { fail, ok, type Result } from '@turnpike/core/result'
import { PROFILES } from '@turnpike/core/unixfs/profile'
import { createGateway } from '../gateway.ts'
import type { Gateway } from '../types.ts'
import { alice, drain, fileBlocks, hasher, World } from '../testing/world.ts'
import { Identities } from './identities.ts'
import type { RateLimiter } from './rate.ts'
import { Refusals } from './refusals.ts'
import { TokenBuckets } from './token-buckets.ts'

/** A world whose space is for two tokens, or for everybody. */
class Tokens extends World {
  override authorize(space: typeof alice, token?: string): Result<Authorization, Unauthorized> {
    if (token === 'one' || token === 'two')
      return ok({ space, expiresMs: undefined, byToken: !this.isOpen })
    return this.isOpen
      ? ok({ space, expiresMs: undefined, byToken: false })
      : fail(new Unauthorized(space, 'no such token'))
  }
  isOpen = false
}

interface Limited {
  readonly world: Tokens
  readonly gateway: Gateway
  readonly refusals: Refusals
  readonly url: string
  readonly keys: string[]
}

/** A gateway that lets each identity read twice. */
function limited(later: boolean): Limited {
  const world = new Tokens()
  const { root, blocks } = fileBlocks(PROFILES['unixfs-v1-2025'], randomBytes(100))
  world.put(alice, blocks)
  const deps = world.deps()
  const rate = { tokensPerMinute: 30, burstTokens: 2 }
  const buckets = new TokenBuckets({ ...rate, clock: deps.clock, keysMax: 10 })
  const keys: string[] = []
  const limiter: RateLimiter = {
    take(key) {
      keys.push(key)
      return later ? Promise.resolve(buckets.take(key)) : buckets.take(key)
    },
  }
  const refusals = new Refusals(deps)
  const identities = new Identities({ limiter, refusals, hasher })
  const url = `http://gateway.example/ipfs/${linkToString(root.link)}`
  return { world, gateway: createGateway({ ...deps, identities }), refusals, url, keys }
}

async function ask({ gateway, url }: Limited, token?: string): Promise<[number, string?]> {
  const headers: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` }
  const { status, headers: lines } = await drain(
    await gateway.handle(new Request(url, { headers })),
  )
  return status === 429 ? [status, lines.get('retry-after')!] : [status]
}

for (const later of [false, true])
  test(`a token's bucket bounds its use${later ? ', as another process says' : ''}`, async () => {
    const it = limited(later)
    assert.deepEqual([await ask(it, 'one'), await ask(it, 'one')], [[200], [200]])
    assert.deepEqual(await ask(it, 'one'), [429, '2'])
    assert.deepEqual(await ask(it, 'two'), [200])
    it.world.tick(2000)
    assert.deepEqual(await ask(it, 'one'), [200])
    assert.deepEqual(await ask(it, 'one'), [429, '2'])
    assert.equal(it.world.reads.length, 4)
    it.refusals.close()
    const [entry] = it.world.reads.slice(4)
    assert.deepEqual(
      [entry!.deny, entry!.count, entry!.status, entry!.cid],
      [DENY.identity, 2, 429, null],
    )
    assert.equal(new Set(it.keys).size, 2)
    assert.ok(it.keys.every((key) => /^token:[^]{32}$/.test(key)))
  })

test('requests without a token, or with one that opens nothing, have no bucket', async () => {
  const it = limited(false)
  for (let i = 0; i < 5; i++) assert.deepEqual(await ask(it, `made up ${i}`), [404])
  it.world.isOpen = true
  for (let i = 0; i < 5; i++) assert.deepEqual(await ask(it, 'one'), [200])
  it.world.tick(1000)
  for (let i = 0; i < 5; i++) assert.deepEqual(await ask(it), [200])
  assert.deepEqual(it.keys, [])
})
