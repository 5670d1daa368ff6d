import assert from 'node:assert/strict'
import { test } from 'node:test'
import { billedOf } from '@turnpike/accounting/billed'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { CustomerDid } from '@turnpike/core/ports/provisioning'
import { SqliteStorageHistory } from '../usage/storage-history.ts'
import { Books } from './testing/books.ts'

const ALICE: CustomerDid = 'did:mailto:example.com:alice'
const BOB: CustomerDid = 'did:mailto:example.com:bob'
const NOW = 498_400
const SPACES = Array.from({ length: 50 }, (_, n): SpaceDid => `did:key:${n}`)

test('credits are looked for only in spaces that have some, whosever they are', async (t) => {
  const books = new Books()
  t.after(() => books.close())
  for (const did of [ALICE, BOB]) books.addCustomer(did, NOW - 100)
  for (const space of SPACES) books.assign(space, ALICE, NOW - 50)
  const [moved, kept] = SPACES as [SpaceDid, SpaceDid]
  const early = { epoch: NOW - 60, space: moved, bytes: 7n }
  books.read(early)
  books.assign(moved, BOB, NOW - 30)
  const late = { epoch: NOW - 20, space: moved, bytes: 11n }
  const own = { epoch: NOW - 20, space: kept, bytes: 13n }
  for (const read of [late, own]) books.read(read)
  for (const [n, read] of [early, late, own].entries()) books.voidRead(NOW - 10, n, read)
  const asked: string[] = []
  const { ledger } = books
  const sources = {
    ledger: {
      sums: ledger.sums.bind(ledger),
      voids(span: Parameters<typeof ledger.voids>[0]) {
        asked.push(span.space)
        return ledger.voids(span)
      },
    },
    storage: new SqliteStorageHistory(books.rig.catalog, books.rig.billing),
    storedUntil: 0,
  }
  const voidedOf = async (did: CustomerDid, firstEpoch: number): Promise<bigint> => {
    const owned = books.provisioning.ofCustomer(did)
    const { total } = await billedOf(sources, owned, { firstEpoch, endEpoch: NOW })
    return total.bytesVoided
  }
  assert.equal(await voidedOf(ALICE, NOW - 100), 7n + 13n)
  assert.deepEqual(asked, [moved, kept])
  assert.equal(await voidedOf(BOB, NOW - 15), 11n)
  asked.length = 0
  assert.equal(await voidedOf(ALICE, NOW - 5), 0n)
  assert.deepEqual(asked, [])
})
