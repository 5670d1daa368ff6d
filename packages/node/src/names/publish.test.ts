/**
 * Tests of publishing names from a data folder.
 * @module
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { ipnsNameFromString } from '@turnpike/core/ipns/name'
import { validateRecord } from '@turnpike/core/ipns/validate'
import {
  IPNS_RECORD_BYTES_MAX,
  NAME_LIFETIME_MS,
  NAME_LIFETIME_MS_MAX,
  OWN_NAMES_MAX,
} from '@turnpike/core/limits/names'
import { fail } from '@turnpike/core/result'
import { nodeHasher } from '../hasher.ts'
import { openScratch, stillClock } from '../testing/data-folder.ts'
import { nameOperations } from './operations.ts'
import { publishName, putRecord, renewNames, type PublishContext } from './publish.ts'
import { Renewing } from './renew.ts'
import { CatalogNames } from './store.ts'
import { nodeVerifier } from './verifier.ts'

const PATH = '/ipfs/bafkqaaa/a'
const deps = { hasher: nodeHasher, verifier: nodeVerifier }

async function open(t: TestContext): Promise<{ context: PublishContext; names: CatalogNames }> {
  const { folder } = await openScratch(t)
  return {
    context: { folder, clock: stillClock },
    names: new CatalogNames(folder.catalog, stillClock),
  }
}

function multihashOf(name: string): Uint8Array {
  return ipnsNameFromString(name)!.multihash
}

test('publishing makes a key, signs, and counts up', async (t) => {
  const { context, names } = await open(t)
  const first = (await publishName(context, { path: PATH, key: 'blog' })).ok!
  const file = join(context.folder.paths.keys, 'name-blog.key')
  if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600)
  const eolMs = stillClock.nowMs() + NAME_LIFETIME_MS
  assert.deepEqual(first.record, { value: PATH, sequence: 0n, eolMs, ttlMs: 300_000 })
  const multihash = multihashOf(first.name)
  const checked = await validateRecord(multihash, names.get(multihash)!, deps)
  assert.deepEqual(checked.ok, first.record)
  const second = (await publishName(context, { path: '/ipns/a.example', key: 'blog' })).ok!
  assert.equal(second.name, first.name)
  assert.equal(second.record.sequence, 1n)
  const other = (await publishName(context, { path: PATH, key: 'other', sequence: 9n })).ok!
  assert.notEqual(other.name, first.name)
  assert.equal(other.record.sequence, 9n)
  assert.deepEqual(
    names.own().map(({ key }) => key),
    ['blog', 'other'],
  )
})

test('publishing refuses what makes no name', async (t) => {
  const { context, names } = await open(t)
  for (const path of ['', 'bafkqaaa', '/ipfs/nothing', '/ipfs/bafkqaaa/../x'])
    assert.equal((await publishName(context, { path, key: 'a' })).error?.name, 'NameRefused', path)
  for (const key of ['', '../x', 'A', 'ä', 'a'.repeat(65)])
    assert.equal((await publishName(context, { path: PATH, key })).error?.name, 'NameRefused', key)
  await publishName(context, { path: PATH, key: 'a', sequence: 5n })
  for (const sequence of [5n, 4n, 2n ** 64n])
    assert.match(
      (await publishName(context, { path: PATH, key: 'a', sequence })).error!.message,
      /sequence expected above 5 and below 2\^64/,
    )
  for (let own = 1; own < OWN_NAMES_MAX; own++)
    names.keepOwn({ key: `k${own}`, multihash: new Uint8Array([own >> 8, own]), lifetimeMs: 1 })
  assert.equal((await publishName(context, { path: PATH, key: 'b' })).error?.name, 'NamesFull')
  assert.ok((await publishName(context, { path: PATH, key: 'a' })).ok)
})

test('own names are signed anew in time, by their own key only', async (t) => {
  const { context, names } = await open(t)
  const { name } = (await publishName(context, { path: PATH, key: 'a', ttlMs: 7000 })).ok!
  await publishName(context, { path: PATH, key: 'gone' })
  const later = (ms: number): PublishContext => ({
    ...context,
    clock: { ...stillClock, nowMs: () => stillClock.nowMs() + ms },
  })
  assert.equal(await renewNames(later(NAME_LIFETIME_MS / 2 - 1)), 0)
  rmSync(join(context.folder.paths.keys, 'name-gone.key'))
  // Past its end, too: a folder that nobody served for a week.
  for (const ms of [NAME_LIFETIME_MS / 2, NAME_LIFETIME_MS * 4]) {
    assert.equal(await renewNames(later(ms)), 1)
    const checked = await validateRecord(multihashOf(name), names.get(multihashOf(name))!, deps)
    const eolMs = stillClock.nowMs() + ms + NAME_LIFETIME_MS
    assert.deepEqual(checked.ok, { value: PATH, sequence: 0n, eolMs, ttlMs: 7000 })
  }
  assert.equal(existsSync(join(context.folder.paths.keys, 'name-gone.key')), false)
  const file = join(context.folder.paths.keys, 'name-a.key')
  await publishName(context, { path: PATH, key: 'b' })
  writeFileSync(file, readFileSync(join(context.folder.paths.keys, 'name-b.key')))
  // The key of another name now; only b is signed anew.
  assert.equal(await renewNames(later(NAME_LIFETIME_MS * 8)), 1)
})

test('a deployment has own names signed anew, at once, and hears of faults', async (t) => {
  const { context, names } = await open(t)
  const { name } = (await publishName(context, { path: PATH, key: 'a', lifetimeMs: 1000 })).ok!
  const later = { ...stillClock, nowMs: () => stillClock.nowMs() + 5000 }
  const faults: unknown[] = []
  const onFault = (error: unknown): unknown => faults.push(error)
  await new Renewing(nameOperations({ ...context, clock: later }).nameRenew, onFault).stop()
  assert.deepEqual(faults, [])
  const eolMs = stillClock.nowMs() + 6000
  assert.deepEqual(names.rank(multihashOf(name)), { sequence: 0n, eolMs })
  const full = new Error('full')
  await new Renewing(() => Promise.reject(full), onFault).stop()
  await new Renewing(async () => fail(full), onFault).stop()
  assert.deepEqual(faults, [full, full])
})

test('a record from elsewhere is kept when it is valid, or by force', async (t) => {
  const { context, names } = await open(t)
  const maker = await open(t)
  const { name } = (await publishName(maker.context, { path: PATH, key: 'a' })).ok!
  const multihash = multihashOf(name)
  const record = names.get(multihash) ?? maker.names.get(multihash)!
  const broken = new Uint8Array(record)
  broken[10]! ^= 1
  assert.equal((await putRecord(context, multihash, broken, false)).error?.name, 'NameRefused')
  assert.equal(names.get(multihash), undefined)
  const forced = (await putRecord(context, multihash, broken, true)).ok!
  assert.equal(forced.kept, true)
  assert.match(forced.problem!, /a signature by the key of its name/)
  assert.deepEqual(names.get(multihash), broken)
  assert.deepEqual((await putRecord(context, multihash, record, false)).ok, {
    kept: true,
    problem: undefined,
  })
  assert.equal((await putRecord(context, multihash, broken, true)).ok?.kept, false)
  assert.deepEqual(names.get(multihash), record)
  const expired = { ...stillClock, nowMs: () => stillClock.nowMs() + NAME_LIFETIME_MS }
  const late = await putRecord({ ...context, clock: expired }, multihash, record, false)
  assert.match(late.error!.message, /expected an end of life to come/)
  const large = new Uint8Array(IPNS_RECORD_BYTES_MAX + 1)
  assert.match((await putRecord(context, multihash, large, true)).error!.message, /got 10241/)
})

test('operations take what comes as JSON, or say why not', async (t) => {
  const { context } = await open(t)
  const { namePublish, namePut } = nameOperations(context)
  const call = { signal: new AbortController().signal, progress() {} }
  const published = await namePublish({ path: PATH, key: 'a', sequence: '3', ttlMs: 1 }, call)
  const { name, validUntil, ...rest } = published.ok as Record<string, unknown>
  assert.deepEqual(rest, { key: 'a', path: PATH, sequence: '3', ttlMs: 1 })
  assert.equal(Date.parse(String(validUntil)), stillClock.nowMs() + NAME_LIFETIME_MS)
  const put = await namePut({ name, record: 'AAAA', evenInvalid: true }, call)
  assert.equal((put.ok as { kept: boolean }).kept, false)
  const refused = [
    await namePublish(null, call),
    await namePublish({ path: PATH }, call),
    await namePublish({ path: PATH, key: 'a', sequence: '-1' }, call),
    await namePublish({ path: PATH, key: 'a', ttlMs: 0.5 }, call),
    await namePublish({ path: PATH, key: 'a', lifetimeMs: 999 }, call),
    await namePublish({ path: PATH, key: 'a', lifetimeMs: NAME_LIFETIME_MS_MAX + 1 }, call),
    await namePut({ name: 'x', record: '' }, call),
    await namePut({ name }, call),
  ]
  for (const { error } of refused) assert.equal(error?.name, 'InvalidParams')
})
