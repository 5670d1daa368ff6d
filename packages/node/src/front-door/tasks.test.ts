import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Delegation, type API } from '@ucanto/core'
import { Absentee } from '@ucanto/principal'
import * as ed25519 from '@ucanto/principal/ed25519'
import {
  claimedBy,
  messageOf,
  receiptsIn,
  serveDelegation,
  type Told,
} from '../testing/messages.ts'
import { CatalogTasks } from './tasks.ts'
import { asked, delegateBy, testDoor, type TestDoor } from './testing/door.ts'

const told = async (door: TestDoor, body: Uint8Array): Promise<Told> => {
  const { body: text } = await door.send(body)
  const [first] = receiptsIn(Buffer.from(text, 'base64')).values()
  return first!
}

const audienceOf = (did: string): API.Principal => ({ did: () => did as API.DID })

/** A revocation of a UCAN by `issuer`, whose message carries the UCAN. */
function revoke(
  issuer: API.Signer,
  door: TestDoor,
  ucan: API.Delegation,
  more: object = {},
): API.IssuedInvocation {
  return asked(issuer, door.gateway, 'ucan/revoke', { ucan: ucan.cid }, { proofs: [ucan], ...more })
}

test('the same invocation runs once, one after the other and at the same time', async (t) => {
  const door = await testDoor(t)
  const space = await ed25519.generate()
  const delegation = await serveDelegation(space, door.gateway)
  const body = await messageOf(revoke(space, door, delegation))
  const bodies = await Promise.all([0, 1, 2].map(() => door.send(body)))
  door.time.nowMs += 5000
  bodies.push(await door.send(body))
  const [first, ...others] = bodies
  // The outcome has the time of the revocation: each run would have another receipt.
  for (const other of others) assert.deepEqual(other, first)
  const { n } = door.folder.catalog.prepare('SELECT count(*) AS n FROM agent_tasks').get()!
  assert.equal(n, 1)
  const twice = await messageOf(revoke(space, door, delegation), revoke(space, door, delegation))
  assert.equal((await door.send(twice)).status, 200)
})

test('after its time an invocation is answered if it ran before, else refused', async (t) => {
  const door = await testDoor(t)
  const agent = await ed25519.generate()
  const seconds = Math.floor(door.time.nowMs / 1000)
  const claim = (nonce: string): API.IssuedInvocation =>
    asked(agent, door.gateway, 'access/claim', undefined, { expiration: seconds + 30, nonce })
  const [ran, late] = [await messageOf(claim('a')), await messageOf(claim('b'))]
  assert.ok((await told(door, ran)).ok)
  door.time.nowMs = (seconds + 30) * 1000
  assert.ok((await told(door, ran)).ok)
  const refused = await told(door, late)
  assert.equal(refused.error?.name, 'Unauthorized')
  assert.match(refused.error!.message, /has expired/)
})

test('our clock decides, whatever the process thinks of the time', async (t) => {
  const door = await testDoor(t)
  const agent = await ed25519.generate()
  const seconds = Math.floor(door.time.nowMs / 1000)
  const claim = asked(agent, door.gateway, 'access/claim', undefined, { notBefore: seconds - 10 })
  const body = await messageOf(claim)
  door.time.nowMs = (seconds - 11) * 1000
  assert.match((await told(door, body)).error!.message, /not valid yet/)
  door.time.nowMs = (seconds - 10) * 1000
  assert.ok((await told(door, body)).ok)
})

test('refusals of strangers are not kept', async (t) => {
  const door = await testDoor(t)
  const [agent, other] = [await ed25519.generate(), await ed25519.generate()]
  const capability = { can: 'access/claim', with: other.did() }
  const body = await messageOf(
    asked(agent, door.gateway, 'access/claim', undefined, { capability }),
    asked(agent, door.gateway, 'access/unknown', undefined),
  )
  await door.send(body)
  const { n } = door.folder.catalog.prepare('SELECT count(*) AS n FROM agent_tasks').get()!
  assert.equal(n, 0)
})

test('fault 7: who has a part in a UCAN takes it back, and it counts no more', async (t) => {
  const door = await testDoor(t)
  const [space, agent, stranger] = await Promise.all([0, 1, 2].map(() => ed25519.generate()))
  const login = await Delegation.delegate({
    issuer: space!,
    audience: agent!,
    capabilities: [{ can: '*', with: space!.did() }],
  })
  const claim = (nonce: string): API.IssuedInvocation =>
    asked(agent!, door.gateway, 'access/claim', undefined, {
      capability: { can: 'access/claim', with: space!.did() },
      proofs: [login],
      nonce,
    })
  assert.ok((await door.ask(claim('a'))).ok)
  const byStranger = await door.ask(revoke(stranger!, door, login))
  assert.equal(byStranger.error?.name, 'UnauthorizedRevocation')
  const byAudience = await door.ask(revoke(agent!, door, login))
  assert.equal(byAudience.error?.name, 'UnauthorizedRevocation')
  assert.ok((await door.ask(claim('b'))).ok)
  const without = asked(space!, door.gateway, 'ucan/revoke', { ucan: login.cid })
  assert.equal((await door.ask(without)).error?.name, 'UCANNotFound')
  assert.equal((await door.ask(revoke(space!, door, login))).ok!.time, door.time.nowMs)
  const refused = await door.ask(claim('c'))
  assert.equal(refused.error?.name, 'Unauthorized')
  assert.match(refused.error!.message, /has been revoked/)
})

test('a delegation that was taken back is not stored, and not told of', async (t) => {
  const door = await testDoor(t)
  const space = await ed25519.generate()
  const [kept, gone] = [
    await serveDelegation(space, door.gateway, { nonce: 'a' }),
    await serveDelegation(space, door.gateway, { nonce: 'b' }),
  ]
  assert.deepEqual(await door.ask(delegateBy(space, door.gateway, [kept, gone])), { ok: {} })
  assert.ok((await door.ask(revoke(space, door, gone))).ok)
  const claim = asked(space, door.gateway, 'access/claim', undefined)
  const claimed = await door.ask(claim)
  assert.deepEqual(Object.keys(claimedBy(claimed)), [String(kept.cid)])
  const again = await door.ask(delegateBy(space, door.gateway, [gone], { nonce: 'again' }))
  assert.equal(again.error?.name, 'DelegationRefused')
})

test('an account speaks through an authority that is believed, and through no other', async (t) => {
  const [login, unknown] = [await ed25519.generate(), await ed25519.generate()]
  const web = login.withDID('did:web:login.example')
  const door = await testDoor(t, {
    attestAuthorities: [web.did()],
    didMap: [{ did: web.did(), key: login.did() }],
  })
  const [space, agent] = [await ed25519.generate(), await ed25519.generate()]
  const account = Absentee.from({ id: 'did:mailto:web.mail:alice' })
  const toAccount = await Delegation.delegate({
    issuer: space,
    audience: account,
    capabilities: [{ can: '*', with: space.did() }],
    expiration: Infinity,
  })
  const toAgent = await Delegation.delegate({
    issuer: account,
    audience: agent,
    capabilities: [{ can: '*', with: 'ucan:*' }],
    proofs: [toAccount],
    expiration: Infinity,
  })
  const attest = (authority: API.Signer): Promise<API.Delegation> =>
    Delegation.delegate({
      issuer: authority,
      audience: agent,
      capabilities: [
        { can: 'ucan/attest', with: authority.did(), nb: { proof: toAgent.cid } },
      ] as never,
      expiration: Infinity,
    })
  const claimWith = (...attestations: API.Delegation[]): Promise<Told> =>
    door.ask(
      asked(agent, door.gateway, 'access/claim', undefined, {
        capability: { can: 'access/claim', with: space.did() },
        proofs: [toAgent, ...attestations],
      }),
    )
  assert.equal((await claimWith()).error?.name, 'Unauthorized')
  assert.equal((await claimWith(await attest(unknown))).error?.name, 'Unauthorized')
  assert.ok((await claimWith(await attest(web))).ok)
  assert.ok((await claimWith(await attest(door.folder.gateway))).ok)
  const serve = await Delegation.delegate({
    issuer: agent,
    audience: audienceOf(door.gateway),
    capabilities: [{ can: 'space/content/serve/*', with: space.did() }],
    proofs: [toAgent, await attest(web)],
    expiration: Infinity,
  })
  const nb = { delegations: { a: serve.cid } }
  const capability = { can: 'access/delegate', with: space.did(), nb }
  const proofs = [toAgent, await attest(web), serve]
  const asks = asked(agent, door.gateway, 'access/delegate', nb, { capability, proofs })
  assert.deepEqual(await door.ask(asks), { ok: {} })
})

test('fault 8: the first messages of all find those who are believed', async (t) => {
  const login = (await ed25519.generate()).withDID('did:web:login.example')
  const door = await testDoor(t, {
    attestAuthorities: [login.did()],
    didMap: [{ did: login.did(), key: login.toDIDKey() }],
  })
  const agent = await ed25519.generate()
  const account = Absentee.from({ id: 'did:mailto:web.mail:bob' })
  const toAgent = await Delegation.delegate({
    issuer: account,
    audience: agent,
    capabilities: [{ can: 'access/claim', with: account.did() }],
  })
  const session = await Delegation.delegate({
    issuer: login,
    audience: agent,
    capabilities: [{ can: 'ucan/attest', with: login.did(), nb: { proof: toAgent.cid } }] as never,
  })
  const outcomes = await Promise.all(
    ['a', 'b', 'c'].map((nonce) =>
      door.ask(
        asked(agent, door.gateway, 'access/claim', undefined, {
          capability: { can: 'access/claim', with: account.did() },
          proofs: [toAgent, session],
          nonce,
        }),
      ),
    ),
  )
  for (const outcome of outcomes) assert.ok(outcome.ok, JSON.stringify(outcome))
})

test('an attestation is taken note of, from who is believed', async (t) => {
  const door = await testDoor(t)
  const other = await ed25519.generate()
  const ucan = await serveDelegation(other, door.gateway)
  const nb = { proof: ucan.cid }
  const attest = (by: API.Signer): Promise<Told> =>
    door.ask(asked(by, door.gateway, 'ucan/attest', nb))
  assert.equal((await attest(other)).error?.name, 'AttesterUnknown')
  assert.deepEqual(await attest(door.folder.gateway), { ok: {} })
})

test('leave to delegate one thing is not leave to delegate another', async (t) => {
  const door = await testDoor(t)
  const [space, agent] = [await ed25519.generate(), await ed25519.generate()]
  const [one, other] = [
    await serveDelegation(space, door.gateway, { nonce: 'a' }),
    await serveDelegation(space, door.gateway, { nonce: 'b' }),
  ]
  const leave = await Delegation.delegate({
    issuer: space,
    audience: agent,
    capabilities: [
      { can: 'access/delegate', with: space.did(), nb: { delegations: { x: one.cid } } },
    ] as never,
  })
  const ask = (delegation: API.Delegation): Promise<Told> => {
    const nb = { delegations: { y: delegation.cid } }
    const capability = { can: 'access/delegate', with: space.did(), nb }
    const proofs = [leave, delegation]
    return door.ask(asked(agent, door.gateway, 'access/delegate', nb, { capability, proofs }))
  }
  assert.equal((await ask(other)).error?.name, 'Unauthorized')
  assert.deepEqual(await ask(one), { ok: {} })
})

test('spaces that nobody knows here are refused unless all are taken', async (t) => {
  const door = await testDoor(t, { delegationsFrom: 'known' })
  const space = await ed25519.generate()
  const refused = await door.ask(
    delegateBy(space, door.gateway, [await serveDelegation(space, door.gateway)]),
  )
  assert.equal(refused.error?.name, 'SpaceNotServed')
  const own = door.folder.space
  const delegation = await serveDelegation(own, door.gateway, { nonce: 'more' })
  assert.deepEqual(await door.ask(delegateBy(own, door.gateway, [delegation])), { ok: {} })
})

test('tasks are kept so many, and so long', async (t) => {
  const door = await testDoor(t)
  const tasks = new CatalogTasks(door.folder.catalog, {
    tasksMax: 3,
    taskMsMax: 1000,
    bytesMax: 1000,
  })
  const record = (n: number, ranMs: number): Parameters<CatalogTasks['keep']>[0] => {
    const bytes = new Uint8Array([n])
    return { task: bytes, invocation: bytes, receiptCid: bytes, receipt: bytes, ranMs }
  }
  const held = (): number[] => [1, 2, 3, 4, 5].filter((n) => tasks.task(new Uint8Array([n])))
  for (const n of [1, 2, 3, 4]) tasks.keep(record(n, n))
  assert.deepEqual(held(), [2, 3, 4])
  tasks.keep({ ...record(4, 100), receipt: new Uint8Array([9]) })
  assert.deepEqual(tasks.task(new Uint8Array([4]))?.receipt, new Uint8Array([4]))
  assert.deepEqual(held(), [2, 3, 4])
  tasks.keep(record(5, 1003))
  assert.deepEqual(held(), [4, 5])
  const large = (n: number, bytes: number): Parameters<CatalogTasks['keep']>[0] => {
    return { ...record(n, 1003), invocation: new Uint8Array(bytes), receipt: new Uint8Array() }
  }
  tasks.keep(large(1, 998))
  assert.deepEqual(held(), [1, 5])
  tasks.keep(large(2, 2))
  assert.deepEqual(held(), [1, 2])
  tasks.keep(large(3, 1))
  assert.deepEqual(held(), [1, 2, 3])
})

test('fault 13: what breaks here is told to the operator, to others it is not', async (t) => {
  const door = await testDoor(t)
  const agent = await ed25519.generate()
  door.folder.catalog.exec('ALTER TABLE space_delegations RENAME TO gone')
  const body = await messageOf(asked(agent, door.gateway, 'access/claim', undefined))
  const { status, crashes, body: text } = await door.send(body)
  assert.equal(status, 200)
  const [first] = receiptsIn(Buffer.from(text, 'base64')).values()
  assert.equal(first!.error?.name, 'TaskFailed')
  assert.doesNotMatch(JSON.stringify(first), /space_delegations|sqlite/i)
  assert.match(crashes.join(), /no such table: space_delegations/)
  door.folder.catalog.exec('ALTER TABLE gone RENAME TO space_delegations')
  assert.ok((await told(door, body)).ok, 'it was not kept, and runs again')
})

test('a task whose receipt could not be kept runs again, to the same effect', async (t) => {
  const door = await testDoor(t)
  const { catalog } = door.folder
  const space = await ed25519.generate()
  const delegation = await serveDelegation(space, door.gateway)
  const body = await messageOf(delegateBy(space, door.gateway, [delegation]))
  catalog.exec(`CREATE TRIGGER full BEFORE INSERT ON agent_tasks
    BEGIN SELECT RAISE(ABORT, 'no room'); END`)
  await assert.rejects(door.send(body), /no room/)
  assert.equal(door.stored(), 1)
  catalog.exec('DROP TRIGGER full')
  assert.deepEqual(await told(door, body), { ok: {} })
  assert.equal(door.stored(), 1)
})
