import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { DOMAINS_OWNED_MAX, OWNER_CHANGES_MAX } from '@turnpike/core/limits/read-receipts'
import type { DomainOwnerSaid } from '@turnpike/core/names/domain-owner'
import type { DnsResolver } from '../names/dns/open.ts'
import { code, startTestDns, texts } from '../testing/dns.ts'
import { domainOperations, type DomainOwnerShown } from './operations.ts'
import { DOMAIN_OWNERS, DomainOwners } from './owners.ts'

const ALICE = 'did:key:z6MkAlice'
const BOB = 'did:key:z6MkBob'
const NONE: DomainOwnerSaid = { kind: 'none' }

function owned(owner: string): DomainOwnerSaid {
  return { kind: 'owner', owner, record: `owner=${owner}` }
}

function openOwners(t: TestContext, database = new DatabaseSync(':memory:')): DomainOwners {
  database.exec(DOMAIN_OWNERS)
  t.after(() => database.close())
  return new DomainOwners(database)
}

test('what DNS says is asked for, kept with its time, and listed', async (t) => {
  const dns = await startTestDns()
  t.after(() => dns.close())
  const resolver: DnsResolver = { kind: 'servers', servers: [dns.server] }
  let nowMs = 1000
  const operations = domainOperations({
    settings: { dnsResolver: resolver, allowPrivateOrigins: true },
    owners: openOwners(t),
    dating: { nowMs: () => nowMs, monotonicMs: () => 0 },
  })
  const caller = { signal: new AbortController().signal, progress() {} }
  const check = async (domain: unknown): Promise<DomainOwnerShown> => {
    const { ok, error } = await operations.domainCheck({ domain }, caller)
    if (error !== undefined) throw error
    return ok as DomainOwnerShown
  }
  const name = '_turnpike.docs.example.org'
  dns.zone.set(name, texts(60, `owner=${ALICE}`, 'v=1'))
  const first = await check('Docs.Example.org')
  assert.deepEqual(first, {
    domain: 'docs.example.org',
    owner: ALICE,
    record: `owner=${ALICE}`,
    since: new Date(1000).toISOString(),
    checked: new Date(1000).toISOString(),
  })
  nowMs = 2000
  assert.deepEqual(await check('docs.example.org'), {
    ...first,
    checked: new Date(2000).toISOString(),
  })
  dns.zone.set(name, code(2))
  await assert.rejects(check('docs.example.org'), { name: 'DnsUnavailable' })
  nowMs = 3000
  dns.zone.delete(name)
  assert.equal((await check('docs.example.org')).owner, null)
  dns.zone.set('_turnpike.b.example', texts(60, `owner=${ALICE}`, `owner=${BOB}`))
  assert.equal((await check('b.example')).owner, null)
  const list = async (params: object): Promise<readonly DomainOwnerShown[]> => {
    const { ok } = await operations.domainLs(params, caller)
    return (ok as { domains: DomainOwnerShown[] }).domains
  }
  assert.deepEqual(
    (await list({})).map(({ domain }) => domain),
    ['b.example', 'docs.example.org'],
  )
  assert.deepEqual(
    (await list({ after: 'b.example' })).map(({ domain }) => domain),
    ['docs.example.org'],
  )
  assert.deepEqual(
    (await list({ domain: 'docs.example.org' })).map(({ owner }) => owner),
    [null, ALICE],
  )
  for (const domain of [undefined, 'localhost', '127.0.0.1', 'a b'])
    await assert.rejects(check(domain), { name: 'InvalidParams' })
})

test('where nobody can be asked, nothing is kept', async (t) => {
  const owners = openOwners(t)
  const operations = domainOperations({
    settings: { dnsResolver: { kind: 'off' }, allowPrivateOrigins: false },
    owners,
    dating: { nowMs: () => 1, monotonicMs: () => 0 },
  })
  const caller = { signal: new AbortController().signal, progress() {} }
  const { error } = await operations.domainCheck({ domain: 'a.example' }, caller)
  assert.equal(error?.name, 'DnsUnavailable')
  assert.equal(owners.latest('a.example'), undefined)
})

test('an owner is dated by look-ups, also when the clock goes back', (t) => {
  const owners = openOwners(t)
  owners.keep('a.example', owned(ALICE), 100)
  owners.keep('a.example', owned(ALICE), 50)
  assert.equal(owners.latest('a.example')!.lastMs, 100)
  owners.keep('a.example', owned(BOB), 50)
  owners.keep('a.example', NONE, 300)
  assert.deepEqual(
    owners.history('a.example').map(({ owner, firstMs, lastMs }) => [owner, firstMs, lastMs]),
    [
      [null, 300, 300],
      [BOB, 101, 101],
      [ALICE, 100, 100],
    ],
  )
})

test('so many changes of a domain are kept, and owners of so many domains', (t) => {
  const database = new DatabaseSync(':memory:')
  const owners = openOwners(t, database)
  for (let n = 0; n < OWNER_CHANGES_MAX + 5; n++)
    owners.keep('a.example', owned(n % 2 === 0 ? ALICE : BOB), n)
  const history = owners.history('a.example')
  assert.deepEqual([history.length, history.at(-1)!.firstMs], [OWNER_CHANGES_MAX, 5])
  // All but the last by one statement: each look-up counts what is there.
  const insert = database.prepare(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
     INSERT INTO domain_owners SELECT 'd' || i || '.example', 1, 1, NULL, NULL FROM n`,
  )
  insert.run(DOMAINS_OWNED_MAX - 2)
  assert.ok(owners.keep('y.example', NONE, 1).ok)
  assert.equal(owners.keep('z.example', NONE, 1).error?.name, 'TooManyDomains')
  assert.ok(owners.keep('a.example', NONE, 1000).ok, 'one that is known')
})
