import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import {
  claimStoreContract,
  HINTS_OF_CONTRACT,
  type ClaimStoreSubject,
} from '@turnpike/core/contract/claim-store'
import type { StoredClaim } from '@turnpike/core/ports/claims'
import { CatalogDelegations } from '../catalog/delegations.ts'
import { CLAIMS } from '../catalog/claims-schema.ts'
import { MIGRATIONS } from '../catalog/schema.ts'
import { CatalogClaims, type ClaimRoom } from './store.ts'

const ROOM: ClaimRoom = { claimsMax: 10_000, hintsMax: 100, hintsPerContentMax: HINTS_OF_CONTRACT }

function memoryCatalog(): DatabaseSync {
  const catalog = new DatabaseSync(':memory:')
  catalog.exec('PRAGMA foreign_keys = ON')
  for (const sql of MIGRATIONS) catalog.exec(sql)
  return catalog
}

function makeSubject(room: ClaimRoom = ROOM): ClaimStoreSubject {
  const catalog = memoryCatalog()
  let nowMs = 1_000
  const claims = new CatalogClaims(catalog, { nowMs: () => nowMs, monotonicMs: () => 0 }, room)
  const delegations = new CatalogDelegations(catalog)
  return {
    store: claims,
    writer: claims,
    setNowMs: (to) => (nowMs = to),
    revoke(cid, issuer) {
      const archive = new Uint8Array()
      assert.ifError(delegations.revoke({ cid, issuer, revokedMs: 0, archive }).error)
    },
    close: () => catalog.close(),
  }
}

for (const { name, run } of claimStoreContract)
  test(name, async () => {
    const subject = makeSubject()
    await run(subject).finally(() => subject.close())
  })

async function failing(change: (subject: ClaimStoreSubject) => Partial<ClaimStoreSubject>) {
  const failed: string[] = []
  for (const { name, run } of claimStoreContract) {
    const subject = makeSubject()
    await run({ ...subject, ...change(subject) }).catch(() => failed.push(name))
    await subject.close()
  }
  return failed.join()
}

test('the contract rejects stores with the faults that others had', async () => {
  const deaf = await failing(() => ({ setNowMs() {} }))
  assert.match(deaf, /from its start to its end/, 'expired claims are used')
  const forgiving = await failing(() => ({ revoke() {} }))
  assert.match(forgiving, /its issuer revoked/, 'revoked claims are used')
  const paged = await failing(({ store }) => ({
    store: {
      byCid: (cid) => store.byCid(cid),
      async *byContent(content, kinds) {
        let left = 100
        for await (const one of store.byContent(content, kinds)) if (left-- > 0) yield one
      },
    },
  }))
  assert.match(paged, /however many there are/, 'claims are cut off at a page')
})

function claim(seed: number, change: Partial<StoredClaim> = {}): StoredClaim {
  return {
    cid: new Uint8Array([seed]),
    kind: 'index',
    issuer: 'did:key:z6Mk',
    content: new Uint8Array([seed]),
    space: undefined,
    startsMs: undefined,
    expiresMs: undefined,
    believed: true,
    archive: new Uint8Array(),
    ...change,
  }
}

test('a full store forgets what is over, and refuses the rest', async () => {
  const subject = makeSubject({ claimsMax: 3, hintsMax: 2, hintsPerContentMax: 10 })
  const put = async (one: StoredClaim): Promise<string | undefined> =>
    (await subject.writer.put(one)).error?.message
  assert.equal(await put(claim(1, { believed: false, expiresMs: 2_000 })), undefined)
  assert.equal(await put(claim(2, { believed: false })), undefined)
  assert.match(String(await put(claim(3, { believed: false }))), /unknown issuers expected < 2/)
  assert.equal(await put(claim(4)), undefined)
  assert.match(String(await put(claim(5))), /claims expected < 3/)
  subject.setNowMs(2_000)
  assert.equal(await put(claim(5)), undefined)
  assert.match(String(await put(claim(6))), /claims expected < 3/)
  await subject.close()
})

test('claims with the address of our own store are listed and shown to nobody', async () => {
  const catalog = memoryCatalog()
  const content = new Uint8Array([9])
  catalog
    .prepare('INSERT INTO claims (cid, issuer, content, archive) VALUES (?, ?, ?, ?)')
    .run(new Uint8Array([1]), 'did:key:z6Mk', content, new Uint8Array())
  const claims = new CatalogClaims(catalog, { nowMs: () => 0, monotonicMs: () => 0 })
  for await (const found of claims.byContent(content)) assert.fail(found.issuer)
  assert.equal(claims.byCid(new Uint8Array([1])), undefined)
  assert.equal(claims.withdraw(new Uint8Array([1])).error?.name, 'ClaimUnknown')
  assert.deepEqual(
    claims.list(content, 10).map((one) => one.public),
    [false],
  )
  catalog.close()
})

test('claims of an older folder are kept by the migration, and shown to nobody', () => {
  const catalog = new DatabaseSync(':memory:')
  for (const sql of MIGRATIONS.slice(0, MIGRATIONS.indexOf(CLAIMS))) catalog.exec(sql)
  const insert = 'INSERT INTO claims (cid, issuer, space, content, archive) VALUES (?, ?, ?, ?, ?)'
  const bytes = new Uint8Array([1])
  catalog.prepare(insert).run(bytes, 'did:key:z6Mk', 'did:key:z6MkSpace', bytes, bytes)
  catalog.exec(CLAIMS)
  const claims = new CatalogClaims(catalog, { nowMs: () => 0, monotonicMs: () => 0 })
  const [kept, ...more] = claims.list(bytes, 10)
  assert.equal(more.length, 0)
  assert.deepEqual(kept, {
    ...claim(1, { kind: 'location', content: bytes, space: 'did:key:z6MkSpace', archive: bytes }),
    public: false,
  })
  const { n } = catalog.prepare('SELECT sum(claims) AS n FROM claim_counts').get()!
  assert.equal(n, 1)
  catalog.close()
})
