import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { delegate } from '@ucanto/core'
import * as ed25519 from '@ucanto/principal/ed25519'
import { SERVE_ALL, storeDelegation, StoredDelegations } from './delegations.ts'
import { MIGRATIONS } from './schema.ts'

const gateway = await ed25519.generate()
const space = await ed25519.generate()
const stranger = await ed25519.generate()
const NOW_MS = Date.UTC(2026, 0, 1)

type Change = {
  issuer?: ed25519.EdSigner
  audience?: ed25519.EdSigner
  can?: `${string}/${string}`
  with?: `did:${string}:${string}`
  expiration?: number
  notBefore?: number
}

async function archive(change: Change = {}): Promise<Uint8Array> {
  const { can = SERVE_ALL, with: resource = space.did(), ...rest } = change
  const delegation = await delegate({
    issuer: space,
    audience: gateway,
    capabilities: [{ can, with: resource }],
    expiration: Infinity,
    ...rest,
  })
  return (await delegation.archive()).ok!
}

function catalog(): DatabaseSync {
  const database = new DatabaseSync(':memory:')
  for (const sql of MIGRATIONS) database.exec(sql)
  return database
}

async function outcome(bytes: Uint8Array, nowMs: number = NOW_MS): Promise<string> {
  const database = catalog()
  const stored = await storeDelegation(database, bytes, { gateway: gateway.did(), nowMs })
  if (stored.error) return stored.error.message
  const clock = { nowMs: () => nowMs, monotonicMs: () => 0 }
  const authorizer = new StoredDelegations(database, gateway.did(), clock)
  return authorizer.authorize(space.did(), undefined).error?.name ?? 'served'
}

test("a space's own delegation to this gateway lets it be served", async () => {
  assert.equal(await outcome(await archive()), 'served')
})

test('each way in which a delegation can be wrong is refused', async () => {
  const seconds = NOW_MS / 1000
  assert.match(await outcome(await archive({ issuer: stranger })), /expected issuer did:key/)
  assert.match(await outcome(await archive({ audience: stranger })), /expected audience did:key/)
  assert.match(await outcome(await archive({ can: 'space/info' })), /expected "can"/)
  assert.match(await outcome(await archive({ with: stranger.did() })), /expected issuer/)
  assert.match(await outcome(await archive({ expiration: seconds })), /expired at 2026/)
  assert.match(await outcome(new Uint8Array([1, 2, 3])), /expected an archived UCAN/)
})

test('a delegation with any byte of its UCAN changed is refused', async () => {
  const bytes = await archive()
  const signed = await delegate({
    issuer: space,
    audience: gateway,
    capabilities: [{ can: SERVE_ALL, with: space.did() }],
    expiration: Infinity,
  })
  const at = Buffer.from(bytes).indexOf(Buffer.from(signed.bytes.subarray(0, 40)))
  assert.ok(at > 0)
  for (let i = at; i < at + signed.bytes.length; i += 7) {
    const changed = bytes.slice()
    changed[i]! ^= 1
    const refused = await outcome(changed)
    assert.notEqual(refused, 'served', `byte ${i} changed`)
  }
})

test('a delegation is in force from its start to its end only', async () => {
  const seconds = NOW_MS / 1000
  const bytes = await archive({ notBefore: seconds + 10, expiration: seconds + 20 })
  const database = catalog()
  let nowMs = NOW_MS
  assert.ok((await storeDelegation(database, bytes, { gateway: gateway.did(), nowMs })).ok)
  const clock = { nowMs: () => nowMs, monotonicMs: () => 0 }
  const authorizer = new StoredDelegations(database, gateway.did(), clock)
  const at = (offset: number): number | undefined => {
    nowMs = NOW_MS + offset * 1000
    return authorizer.authorize(space.did(), undefined).ok?.expiresMs
  }
  assert.equal(at(9), undefined)
  assert.equal(at(10), NOW_MS + 20_000)
  assert.equal(at(19), NOW_MS + 20_000)
  assert.equal(at(20), undefined)
})
