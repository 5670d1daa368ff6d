/**
 * Storacha's clients of the front door, from their tree in `compat/`, against a running Turnpike.
 * `npm run compat` installs the tree; without it the tests are skipped.
 * @module
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { endProcesses, turnpikeJson } from './campaigns/rig/turnpike.ts'
import {
  loadClients,
  serveGateway,
  skip,
  statusOf,
  within1s,
  type Clients,
  type Gateway,
} from './storacha-clients.ts'

let clients: Clients
let scratch: string
let data: string
let gateway: Gateway
let contents = 0

if (!skip) {
  before(async () => {
    clients = await loadClients()
    scratch = await mkdtemp(join(tmpdir(), 'turnpike-compat-'))
    data = join(scratch, 'data')
    gateway = await serveGateway(data)
  })

  after(async () => {
    await endProcesses()
    await rm(scratch, { recursive: true, force: true })
  })
}

/** Content that only this space has; its URL. */
async function addTo(space: string): Promise<string> {
  const name = `n${contents++}`
  const file = join(scratch, name)
  await writeFile(file, `content ${name}`)
  await turnpikeJson('space', 'create', name, '--did', space, '--data', data)
  const { roots } = await turnpikeJson('add', file, '--space', space, '--data', data)
  const [{ cid }] = roots as [{ readonly cid: string }]
  return `${gateway.url}/ipfs/${cid}`
}

test(
  '@ucanto/client lets everybody read a space, is told of it, and takes it back',
  { skip },
  async () => {
    const owner = await clients.makeOwner(gateway)
    const url = await addTo(owner.did)
    assert.equal(await statusOf(url), 404)
    assert.deepEqual((await owner.claim()).cids, [])
    const { cid, ...told } = await owner.serve()
    assert.deepEqual([told.ok, told.error, told.isSigned], [[], undefined, true])
    await within1s(url, 200)
    const claimed = await owner.claim()
    assert.deepEqual([claimed.cids, claimed.abilities], [[cid], ['space/content/serve/*']])
    const revoked = await owner.revoke(cid)
    assert.deepEqual([revoked.ok, revoked.isSigned], [['time'], true])
    await within1s(url, 404)
    assert.deepEqual((await owner.claim()).cids, [])
  },
)

test('it lets those read who have a token', { skip }, async () => {
  const owner = await clients.makeOwner(gateway)
  const url = await addTo(owner.did)
  const { cid, error } = await owner.serveWithToken('open sesame')
  assert.equal(error, undefined)
  await within1s(`${url}?authToken=open+sesame`, 200)
  assert.equal(await statusOf(url, 'Bearer open sesame'), 200)
  for (const wrong of ['', '?authToken=', '?authToken=open', '?authToken=Open+sesame'])
    assert.equal(await statusOf(url + wrong), 404, wrong)
  assert.equal(await statusOf(url, 'Bearer open'), 404)
  assert.deepEqual((await owner.claim()).abilities, ['space/content/serve/transport/http'])
  await owner.revoke(cid)
  await within1s(`${url}?authToken=open+sesame`, 404)
})

test('a token that is null lets those read who have none', { skip }, async () => {
  const owner = await clients.makeOwner(gateway)
  const url = await addTo(owner.did)
  assert.equal((await owner.serveWithToken(null)).error, undefined)
  await within1s(url, 200)
  assert.equal(await statusOf(`${url}?authToken=any`), 404)
})

test('refusals come back as receipts that the gateway signed', { skip }, async () => {
  const [owner, other] = [await clients.makeOwner(gateway), await clients.makeOwner(gateway)]
  const stranger = await other.serve(owner.did)
  assert.deepEqual([stranger.error?.name, stranger.isSigned], ['DelegationRefused', true])
  assert.equal((await owner.claim(other.did)).error?.name, 'Unauthorized')
  for (const can of ['upload/add', 'space/blob/add', 'access/authorize']) {
    const [unknown] = await owner.ask(can)
    assert.deepEqual([unknown?.error?.name, unknown?.isSigned], ['HandlerNotFound', true])
  }
  const [misled] = await owner.ask('access/claim', { to: other.did })
  assert.deepEqual([misled?.error?.name, misled?.isSigned], ['InvalidAudience', true])
})

test('one invocation that is sent again and again has one receipt', { skip }, async () => {
  const owner = await clients.makeOwner(gateway)
  const told = await owner.ask('access/claim', { times: 3 })
  assert.equal(told.length, 3)
  assert.equal(new Set(told.map(({ receipt }) => receipt)).size, 1)
  assert.ok(told.every(({ isSigned }) => isSigned))
})

test(
  '@storacha/client authorizes a gateway for its space, and revokes that',
  { skip },
  async () => {
    const user = await clients.makeUser(gateway)
    const space = await user.space()
    const url = await addTo(space)
    assert.equal(await statusOf(url), 404)
    const cid = await user.authorize(space)
    await within1s(url, 200)
    assert.deepEqual(await user.revoke(cid), { ok: ['time'], error: undefined })
    await within1s(url, 404)
    assert.deepEqual(await user.claim(), [], 'nobody delegated to this client here')
  },
)

test('spaces that it makes are served by the gateways it names, or has', { skip }, async () => {
  const user = await clients.makeUser(gateway)
  for (const isNamed of [true, false]) {
    const url = await addTo(await user.servedSpace(isNamed))
    await within1s(url, 200)
  }
})

test('what it authorizes for a while is over after that', { skip }, async () => {
  const user = await clients.makeUser(gateway)
  const space = await user.space()
  const url = await addTo(space)
  const seconds = Math.floor(Date.now() / 1000) + 3
  await user.authorize(space, { expiration: seconds })
  await within1s(url, 200)
  await sleep(seconds * 1000 - Date.now())
  await within1s(url, 404)
  await assert.rejects(user.authorize(space, { expiration: seconds }), /failed to publish/)
})

test('a gateway that is a did:web is authorized by its name', { skip }, async () => {
  const place = join(scratch, 'named')
  const did = 'did:web:gateway.example'
  const named = { ...(await serveGateway(place, '--identity', did)), did }
  const [owner, user] = [await clients.makeOwner(named), await clients.makeUser(named)]
  const { ok, isSigned } = await owner.serve()
  assert.deepEqual([ok, isSigned], [[], true])
  assert.match(await user.servedSpace(true), /^did:key:/)
  assert.equal((await named.stop('SIGTERM')).code, 0)
})
