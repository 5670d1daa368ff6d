import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CAR as Car, CBOR, Delegation, type API } from '@ucanto/core'
import * as ed25519 from '@ucanto/principal/ed25519'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { messageOf, serveDelegation } from '../testing/messages.ts'
import { asked, delegateBy, testDoor, type TestDoor } from './testing/door.ts'

const RUNS = Number(process.env.TURNPIKE_FUZZ_RUNS ?? 300)
/** Far above what any message takes, on a busy machine. */
const ANSWER_MS_MAX = 5_000

/** A message of some of everything. */
async function richMessage(door: TestDoor): Promise<Uint8Array> {
  const [space, agent] = [await ed25519.generate(), await ed25519.generate()]
  const login = await Delegation.delegate({
    issuer: space,
    audience: agent,
    capabilities: [{ can: '*', with: space.did() }],
  })
  const serve = await serveDelegation(space, door.gateway)
  return messageOf(
    delegateBy(space, door.gateway, [serve]),
    asked(space, door.gateway, 'ucan/revoke', { ucan: login.cid }, { proofs: [login] }),
    asked(agent, door.gateway, 'access/claim', undefined, {
      capability: { can: 'access/claim', with: space.did() },
      proofs: [login],
    }),
  )
}

async function isAnswered(door: TestDoor, body: Uint8Array): Promise<void> {
  const startedMs = performance.now()
  const { status, crashes } = await door.send(body)
  assert.deepEqual(crashes, [])
  assert.ok(status === 200 || status === 400, `status ${status}`)
  assert.ok(performance.now() - startedMs < ANSWER_MS_MAX)
}

test('random bytes are answered', async (t) => {
  const door = await testDoor(t)
  const bytes = fc.uint8Array({ maxLength: 400 })
  const property = fc.asyncProperty(bytes, (body) => isAnswered(door, body))
  await fc.assert(property, { numRuns: RUNS })
})

test('a message with bytes changed, cut or repeated is answered', async (t) => {
  const door = await testDoor(t)
  const whole = await richMessage(door)
  const change = fc.record({
    kind: fc.constantFrom('flip', 'cut', 'drop', 'repeat'),
    at: fc.nat(whole.length - 1),
    value: fc.integer({ min: 1, max: 255 }),
  })
  const changed = fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    let body = whole
    for (const { kind, at, value } of changes) {
      if (kind === 'flip') body = body.map((byte, index) => (index === at ? byte ^ value : byte))
      else if (kind === 'cut') body = body.slice(0, at)
      else {
        const middle = kind === 'drop' ? [] : body.slice(at, at + value)
        const from = kind === 'drop' ? at + value : at
        body = Uint8Array.from([...body.slice(0, at), ...middle, ...body.slice(from)])
      }
    }
    return body
  })
  const property = fc.asyncProperty(changed, (body) => isAnswered(door, body))
  await fc.assert(property, { numRuns: RUNS })
})

test('blocks of any values, all with right hashes, are answered', async (t) => {
  const door = await testDoor(t)
  const bytes = await richMessage(door)
  const { blocks: known } = Car.decode(bytes as never)
  const blocksKnown = [...known.values()] as API.Block[]
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom(...blocksKnown.map(({ cid }) => cid)),
      fc.string(),
      fc.integer(),
      fc.constant(null),
      fc.boolean(),
      fc.uint8Array({ maxLength: 70 }),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(
        fc.constantFrom('s', 'v', 'att', 'aud', 'exp', 'iss', 'prf', 'can', 'with', 'nb'),
        tie('any'),
        { maxKeys: 6 },
      ),
    ),
  })).any
  const message = fc.record({
    made: fc.array(value, { minLength: 1, maxLength: 3 }),
    execute: fc.option(value, { nil: undefined }),
  })
  const property = fc.asyncProperty(message, async ({ made, execute }) => {
    const blocks = new Map(known as ReadonlyMap<string, API.Block>)
    const links: API.Link[] = []
    for (const one of made) {
      const block = await CBOR.write(one as never)
      blocks.set(String(block.cid), block)
      links.push(block.cid as API.Link)
    }
    const root = await CBOR.write({ 'ucanto/message@7.0.0': { execute: execute ?? links } })
    blocks.set(String(root.cid), root)
    await isAnswered(door, Car.encode({ roots: [root] as never, blocks }))
  })
  await fc.assert(property, { numRuns: RUNS })
})

test('invocations with any caveats are answered, and store nothing', async (t) => {
  const door = await testDoor(t)
  const space = await ed25519.generate()
  const delegation = await serveDelegation(space, door.gateway)
  const leaf = fc.oneof(
    fc.constant(space.did()),
    fc.string(),
    fc.integer(),
    fc.constant(null),
    fc.array(fc.constant(delegation.cid), { maxLength: 3 }),
  )
  const nb = fc.dictionary(
    fc.constantFrom('delegations', 'ucan', 'proof', 'x'),
    fc.oneof(leaf, fc.dictionary(fc.string(), leaf, { maxKeys: 3 })),
  )
  const can = fc.constantFrom('access/delegate', 'access/claim', 'ucan/revoke', 'ucan/attest')
  const property = fc.asyncProperty(can, nb, async (ability, caveats) => {
    await isAnswered(door, await messageOf(asked(space, door.gateway, ability, caveats)))
    assert.equal(door.stored(), 0)
  })
  await fc.assert(property, { numRuns: Math.ceil(RUNS / 3) })
})

test('values nested as deep as a message has room for are refused', async (t) => {
  const door = await testDoor(t)
  const deep = new Uint8Array(200_000).fill(0x81)
  deep[deep.length - 1] = 0
  const cid = CID.createV1(0x71, await sha256.digest(deep))
  const root = { cid, bytes: deep }
  const body = Car.encode({
    roots: [root] as never,
    blocks: new Map([[String(cid), root]]) as never,
  })
  await isAnswered(door, body)
  const claim = { 'ucanto/message@7.0.0': { execute: [cid] } }
  const message = await CBOR.write(claim)
  const blocks = new Map<string, unknown>([
    [String(cid), root],
    [String(message.cid), message],
  ])
  await isAnswered(door, Car.encode({ roots: [message] as never, blocks: blocks as never }))
})
