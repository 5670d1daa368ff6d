import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CBOR, CAR as Car, Delegation, type API } from '@ucanto/core'
import * as ed25519 from '@ucanto/principal/ed25519'
import * as rsa from '@ucanto/principal/rsa'
import {
  MESSAGE_BLOCKS_MAX,
  MESSAGE_DELEGATIONS_MAX,
  MESSAGE_INVOCATIONS_MAX,
  MESSAGE_SIGNATURES_MAX,
} from '@turnpike/core/limits/ucan'
import { messageOf, receiptsIn, serveDelegation } from '../testing/messages.ts'
import { asked, delegateBy, testDoor, withBlocks, type TestDoor } from './testing/door.ts'

const textIn = (body: string): string => Buffer.from(body, 'base64').toString()

test('a space delegates everything, or to who shows a token', async (t) => {
  const door = await testDoor(t)
  const space = await ed25519.generate()
  const capability = {
    can: 'space/content/serve/transport/http',
    with: space.did(),
    nb: { token: 'secret' },
  } as const
  const narrow = await serveDelegation(space, door.gateway, { capabilities: [capability] })
  const wide = await serveDelegation(space, door.gateway)
  assert.deepEqual(await door.ask(delegateBy(space, door.gateway, [narrow, wide])), { ok: {} })
  assert.equal(door.stored(), 2)
})

for (const [kind, generate] of [
  ['an agent', ed25519.generate],
  ['an agent in a browser, whose key is RSA', rsa.generate],
] as const)
  test(`${kind} delegates through what the space gave it`, async (t) => {
    const door = await testDoor(t)
    await delegateByAgent(door, await ed25519.generate(), await generate())
    assert.equal(door.stored(), 1)
  })

async function delegateByAgent(
  door: TestDoor,
  space: API.Signer,
  agent: API.Signer,
): Promise<void> {
  const login = await Delegation.delegate({
    issuer: space,
    audience: agent,
    capabilities: [{ can: '*', with: space.did() }],
  })
  const serve = await Delegation.delegate({
    issuer: agent,
    audience: { did: () => door.gateway as API.DID },
    capabilities: [{ can: 'space/content/serve/*', with: space.did() }],
    proofs: [login],
    expiration: Infinity,
  })
  const nb = { delegations: { any: serve.cid } }
  const capability = { can: 'access/delegate', with: space.did(), nb }
  const ask = asked(agent, door.gateway, 'access/delegate', nb, {
    capability,
    proofs: [login, serve],
  })
  assert.deepEqual(await door.ask(ask), { ok: {} })
}

test('a delegation may come as one block that is an archive', async (t) => {
  const door = await testDoor(t)
  const space = await ed25519.generate()
  const delegation = await serveDelegation(space, door.gateway)
  const archive = (await delegation.archive()).ok!
  const cid = await Car.link(archive as never)
  const ask = asked(space, door.gateway, 'access/delegate', { delegations: { a: cid } })
  const body = await messageOf(ask)
  const { roots, blocks } = Car.decode(body as never)
  blocks.set(String(cid), { cid, bytes: archive } as never)
  const sent = await door.send(Car.encode({ roots, blocks }))
  assert.deepEqual([...receiptsIn(Buffer.from(sent.body, 'base64')).values()], [{ ok: {} }])
  assert.equal(door.stored(), 1)
})

test('refused by name, and nothing of it stored', async (t) => {
  const door = await testDoor(t)
  const { gateway } = door
  const [space, other] = [await ed25519.generate(), await ed25519.generate()]
  const good = await serveDelegation(space, gateway)
  const seconds = Math.floor(door.time.nowMs / 1000)
  const cases: Record<string, [string, API.Delegation[], object?]> = {
    'to another gateway': ['DelegationRefused', [await serveDelegation(space, other.did())]],
    'of another space': ['DelegationRefused', [await serveDelegation(other, gateway)]],
    'of a space that its issuer is not': [
      'DelegationRefused',
      [
        await serveDelegation(other, gateway, {
          capabilities: [{ can: 'space/content/serve/*', with: space.did() }],
        }),
      ],
    ],
    'for something else': [
      'DelegationRefused',
      [
        await serveDelegation(space, gateway, {
          capabilities: [{ can: 'space/blob/add', with: space.did() }],
        }),
      ],
    ],
    expired: [
      'DelegationRefused',
      [await serveDelegation(space, gateway, { expiration: seconds - 5 })],
    ],
    'junk beside a valid one': ['DelegationRefused', [good, await serveDelegation(other, gateway)]],
    none: ['DelegationCount', []],
    'an invocation that has expired': ['Unauthorized', [good], { expiration: seconds - 5 }],
    'an invocation before its time': ['Unauthorized', [good], { notBefore: seconds + 60 }],
    'an invocation for another gateway': ['InvalidAudience', [good], { audience: other }],
    'an invocation about another’s space': [
      'Unauthorized',
      [good],
      {
        capability: {
          can: 'access/delegate',
          with: other.did(),
          nb: { delegations: { a: good.cid } },
        },
      },
    ],
  }
  for (const [what, [name, delegations, more]] of Object.entries(cases)) {
    const told = await door.ask(delegateBy(space, gateway, delegations, more))
    assert.equal(told.error?.name, name, `${what}: ${JSON.stringify(told)}`)
    assert.equal(door.stored(), 0, what)
  }
  const many = await Promise.all(
    Array.from({ length: MESSAGE_DELEGATIONS_MAX + 1 }, (_, n) =>
      serveDelegation(space, gateway, { nonce: String(n) }),
    ),
  )
  const tooMany = await door.ask(delegateBy(space, gateway, many))
  assert.equal(tooMany.error?.name, 'DelegationCount')
  assert.deepEqual(await door.ask(delegateBy(space, gateway, many.slice(1))), { ok: {} })
})

test('what is asked must be one thing that is done here', async (t) => {
  const door = await testDoor(t)
  const agent = await ed25519.generate()
  for (const can of ['access/unknown', '__proto__/constructor', 'a/to/string', 'access/*'])
    assert.equal(
      (await door.ask(asked(agent, door.gateway, can, undefined))).error?.name,
      'HandlerNotFound',
    )
  const capabilities = [
    { can: 'access/claim', with: agent.did() },
    { can: 'access/claim', with: agent.did() },
  ]
  const two = await Delegation.delegate({
    issuer: agent,
    audience: { did: () => door.gateway as API.DID },
    capabilities: capabilities as never,
  })
  const body = await bodyOf([two.cid], [two])
  const sent = await door.send(body)
  const [told] = receiptsIn(Buffer.from(sent.body, 'base64')).values()
  assert.equal(told!.error?.name, 'InvocationCapabilityError')
})

/** A message of these invocations, put together by hand. */
async function bodyOf(
  execute: readonly API.Link[],
  delegations: readonly API.Delegation[],
): Promise<Uint8Array> {
  const root = await CBOR.write({ 'ucanto/message@7.0.0': { execute } })
  const blocks = new Map<string, API.Block>()
  for (const delegation of delegations)
    for (const block of delegation.iterateIPLDBlocks()) blocks.set(String(block.cid), block)
  blocks.set(String(root.cid), root)
  return Car.encode({ roots: [root] as never, blocks })
}

test('missing or changed blocks, and signatures of somebody else, are refused', async (t) => {
  const door = await testDoor(t)
  const { gateway } = door
  const [space, agent] = [await ed25519.generate(), await ed25519.generate()]
  const login = await Delegation.delegate({
    issuer: space,
    audience: agent,
    capabilities: [{ can: '*', with: space.did() }],
  })
  const claim = asked(agent, gateway, 'access/claim', undefined, {
    capability: { can: 'access/claim', with: space.did() },
    proofs: [login],
  })
  const body = await messageOf(claim)
  const proof = String(login.cid)
  const missing = await door.send(withBlocks(body, (cid, b) => (cid === proof ? undefined : b)))
  const [told] = receiptsIn(Buffer.from(missing.body, 'base64')).values()
  assert.equal(told!.error?.name, 'Unauthorized')
  assert.match(told!.error!.message, /can not be \(self\) issued|not found/)
  const flip = (bytes: Uint8Array): Uint8Array =>
    bytes.map((byte, at) => (at === bytes.length - 9 ? byte ^ 1 : byte))
  const tampered = await door.send(withBlocks(body, (cid, b) => (cid === proof ? flip(b) : b)))
  assert.equal(tampered.status, 400)
  assert.match(textIn(tampered.body), /^Bad request: Malformed payload - .*hash in their CID/)
  const forged = { ...agent, did: () => space.did(), sign: agent.sign.bind(agent) }
  const byAnother = asked(space, gateway, 'access/claim', undefined, {
    issuer: Object.assign(Object.create(agent), forged),
  })
  const refused = await door.ask(byAnother)
  assert.equal(refused.error?.name, 'Unauthorized')
  assert.match(refused.error!.message, /signature/)
  assert.ok((await door.ask(claim)).ok)
})

test('messages have bounds', async (t) => {
  const door = await testDoor(t)
  const agent = await ed25519.generate()
  const claim = (nonce: number): API.IssuedInvocation =>
    asked(agent, door.gateway, 'access/claim', undefined, { nonce: String(nonce) })
  const claims = (count: number): API.IssuedInvocation[] =>
    Array.from({ length: count }, (_, nonce) => claim(nonce))
  const most = await door.send(await messageOf(...claims(MESSAGE_INVOCATIONS_MAX)))
  assert.equal(receiptsIn(Buffer.from(most.body, 'base64')).size, MESSAGE_INVOCATIONS_MAX)
  const more = await door.send(await messageOf(...claims(MESSAGE_INVOCATIONS_MAX + 1)))
  assert.match(textIn(more.body), /invocations expected, got 17/)
  const none = await door.send(await bodyOf([], []))
  assert.match(textIn(none.body), /invocations expected, got 0/)
  const one = await claim(0).buildIPLDView()
  const { roots, blocks } = Car.decode((await messageOf(claim(0))) as never)
  const padding = MESSAGE_BLOCKS_MAX - blocks.size
  for (let at = 0; at < padding; at++) {
    const block = await CBOR.write({ at })
    blocks.set(String(block.cid), block)
  }
  assert.equal((await door.send(Car.encode({ roots, blocks }))).status, 200)
  const last = await CBOR.write({ at: -1 })
  blocks.set(String(last.cid), last)
  assert.match(textIn((await door.send(Car.encode({ roots, blocks }))).body), /<= 256 blocks/)
  const absent = await door.send(await bodyOf([one.cid], []))
  assert.match(textIn(absent.body), /expected to be a UCAN in the message/)
})

test('a message has so many signatures looked at, and no more', async (t) => {
  const door = await testDoor(t)
  const agent = await ed25519.generate()
  const spaces = await Promise.all(Array.from({ length: 20 }, () => ed25519.generate()))
  const logins = await Promise.all(
    spaces.map((space) =>
      Delegation.delegate({
        issuer: space,
        audience: agent,
        capabilities: [{ can: '*', with: space.did() }],
      }),
    ),
  )
  const capability = { can: 'access/claim', with: spaces[0]!.did() }
  const claims = Array.from({ length: MESSAGE_INVOCATIONS_MAX }, (_, n) =>
    asked(agent, door.gateway, 'access/claim', undefined, {
      capability,
      proofs: logins,
      nonce: String(n),
    }),
  )
  const each = 1 + logins.length
  const { body } = await door.send(await messageOf(...claims))
  const told = [...receiptsIn(Buffer.from(body, 'base64')).values()]
  const judged = told.filter(({ ok }) => ok !== undefined)
  assert.equal(judged.length, Math.ceil(MESSAGE_SIGNATURES_MAX / each))
  const refused = told.filter(({ error }) => error?.name === 'Unauthorized')
  assert.equal(refused.length, told.length - judged.length)
  assert.ok((await door.ask(claims.at(-1)!)).ok, 'alone it is judged')
})

test('chains that double at each link cost a few steps, not millions', async (t) => {
  const door = await testDoor(t)
  const key = await ed25519.generate()
  let layer: API.Delegation[] = []
  for (let depth = 0; depth < 7; depth++) {
    const proofs = layer
    const link = (nonce: string): Promise<API.Delegation> =>
      Delegation.delegate({
        issuer: key,
        audience: key,
        capabilities: [
          { can: '*', with: 'did:key:z6MkffDZCkCTWreg8868fG1FGFogcJj5X6PY93pPcWDn9bob' },
        ],
        proofs,
        nonce,
      })
    layer = [await link('a'), await link('b'), await link('c')]
  }
  const ask = asked(key, door.gateway, 'access/claim', undefined, { proofs: layer })
  const root = await ask.buildIPLDView()
  const blocks = new Map<string, API.Block>()
  const add = (delegation: API.Delegation): void => {
    if (blocks.has(String(delegation.cid))) return
    blocks.set(String(delegation.cid), delegation.root)
    for (const proof of delegation.proofs) if ('root' in proof) add(proof)
  }
  add(root)
  const message = await CBOR.write({ 'ucanto/message@7.0.0': { execute: [root.cid] } })
  blocks.set(String(message.cid), message)
  const startedMs = performance.now()
  const sent = await door.send(Car.encode({ roots: [message] as never, blocks }))
  assert.match(textIn(sent.body), /ways through proofs expected <= 256/)
  assert.ok(performance.now() - startedMs < 1000)
})
