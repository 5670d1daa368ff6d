import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { FETCH_KEYS_KEPT_MAX, FETCHED_DAYS_MAX } from '@turnpike/core/limits'
import type { Settings } from '../config/settings.ts'
import { startDeployment, testFolder, type Deployment } from '../testing/deployment.ts'
import { startTestOrigin } from '../testing/origin.ts'
import { addFetched, FetchedBooks } from './books.ts'
import { fetchedOperation } from './operation.ts'
import { FETCHED } from './schema.ts'

const unexpected = (error: unknown): never => assert.fail(String(error))

function openBooks(): { catalog: DatabaseSync; books: FetchedBooks } {
  const catalog = new DatabaseSync(':memory:')
  catalog.exec(FETCHED)
  return { catalog, books: new FetchedBooks(catalog, unexpected) }
}

test('books add up by day and key, beyond what a number holds', () => {
  const { catalog, books } = openBooks()
  const most = 2n ** 63n - 1n
  const rows = [
    { day: 5, key: 'space a', bytes: 2n ** 60n + 1n },
    { day: 5, key: 'origin a', bytes: 7n },
    { day: 6, key: 'space a', bytes: 1n },
  ]
  addFetched(catalog, rows)
  addFetched(catalog, rows)
  assert.equal(books.of(5, 'space a'), 2n ** 61n + 2n)
  assert.equal(books.of(5, 'origin a'), 14n)
  assert.equal(books.of(6, 'space a'), 2n)
  assert.equal(books.of(6, 'origin a'), 0n)
  addFetched(catalog, [{ day: 5, key: 'space a', bytes: most }])
  assert.equal(books.of(5, 'space a'), most)
})

test('keys beyond the bound of a day share a count, and old days are forgotten', () => {
  const { catalog, books } = openBooks()
  const row = (day: number, key: string): { day: number; key: string; bytes: bigint } => ({
    day,
    key,
    bytes: 1n,
  })
  addFetched(catalog, [row(5, 'a'), row(5, 'b'), row(5, 'c')], 2)
  addFetched(catalog, [row(5, 'd'), row(5, 'a'), row(6, 'c')], 2)
  assert.deepEqual(
    ['a', 'b', 'c', 'd', 'e'].map((key) => books.of(5, key)),
    [2n, 1n, 2n, 2n, 2n],
  )
  assert.equal(books.of(6, 'c'), 1n)
  assert.equal(books.of(6, 'd'), 0n)
  addFetched(catalog, [row(5 + FETCHED_DAYS_MAX, 'a')])
  assert.deepEqual([books.of(5, 'a'), books.of(6, 'c')], [0n, 1n])
})

test('books that can not be read shut nobody out, and say so', () => {
  const { catalog } = openBooks()
  const faults: unknown[] = []
  const books = new FetchedBooks(catalog, (error) => faults.push(error))
  catalog.exec('DROP TABLE fetched')
  assert.equal(books.of(5, 'a'), 0n)
  assert.equal(faults.length, 1)
})

test('rows that are none are refused whole', async () => {
  const { catalog, books } = openBooks()
  const operation = fetchedOperation(catalog)
  const call = { signal: new AbortController().signal, progress() {} }
  const good = [5, 'a', '7']
  const many = Array.from({ length: FETCH_KEYS_KEPT_MAX + 2 }, () => good)
  const bad = [
    [5.5, 'a', '7'],
    [5, 1, '7'],
    [5, 'a', 7],
    [5, 'a', '-7'],
    [5, 'a'.repeat(600), '7'],
    'a',
  ]
  const refused = [
    undefined,
    {},
    { rows: [] },
    { rows: many },
    ...bad.map((row) => ({ rows: [good, row] })),
  ]
  for (const params of refused)
    assert.equal(
      (await operation(params, call)).error?.name,
      'InvalidParams',
      JSON.stringify(params),
    )
  assert.equal(books.of(5, 'a'), 0n)
  assert.deepEqual(await operation({ rows: many.slice(1) }, call), { ok: {} })
  assert.equal(books.of(5, 'a'), 7n * BigInt(FETCH_KEYS_KEPT_MAX + 1))
})

const FILE_BYTES = 50_000

interface Remote {
  /** Starts a deployment over the same folder, in which all but the last file lie elsewhere. */
  start(overrides?: Partial<Settings>): Promise<Deployment>
  readonly paths: readonly string[]
  readonly local: string
}

/** Three files of 50 kB at an origin, and one at home. */
async function remote(t: TestContext): Promise<Remote> {
  const folder = await testFolder()
  const origin = await startTestOrigin()
  const running: Deployment[] = []
  const stopAll = async (): Promise<void> => {
    for (const one of running.splice(0)) {
      await one.stop()
      assert.deepEqual(one.crashes, [])
    }
  }
  t.after(async () => {
    await stopAll()
    await origin.close()
    await folder.remove()
  })
  const start: Remote['start'] = async (overrides) => {
    await stopAll()
    const one = await startDeployment(join(folder.path, 'data'), overrides)
    running.push(one)
    return one
  }
  const add = async (to: Deployment, name: string): Promise<string> => {
    await writeFile(join(folder.path, name), randomBytes(FILE_BYTES))
    return `/ipfs/${(await to.add([join(folder.path, name)])).cid}`
  }
  const source = await startDeployment(join(folder.path, 'source'))
  const paths: string[] = []
  for (const name of ['a', 'b', 'c']) {
    const path = await add(source, name)
    const car = await fetch(`${source.url}${path}?format=car`)
    origin.put(`/${name}.car`, Buffer.from(await car.arrayBuffer()))
    paths.push(path)
  }
  await source.stop()
  const first = await start()
  for (const name of ['a', 'b', 'c']) await first.index(`${origin.url}/${name}.car`)
  return { start, paths, local: await add(first, 'local') }
}

async function ask(url: string): Promise<{ status: number; retryAfter: number }> {
  const response = await fetch(url, { headers: { connection: 'close' } })
  await response.arrayBuffer()
  return { status: response.status, retryAfter: Number(response.headers.get('retry-after')) }
}

test('a cap holds over a restart; what is here or in memory is served', async (t) => {
  const { start, paths, local } = await remote(t)
  const [a, b, c] = paths as [string, string, string]
  for (const cap of ['spaceFetchBytesPerDay', 'originFetchBytesPerDay']) {
    const overrides = { [cap]: FILE_BYTES + 1 }
    const one = await start(overrides)
    if (cap === 'spaceFetchBytesPerDay') {
      assert.equal((await ask(one.url + a)).status, 200)
      assert.equal((await ask(one.url + b)).status, 200, 'the cap was not reached when it began')
      assert.equal((await ask(one.url + a)).status, 200, 'from memory')
    } else for (const path of [a, b]) assert.equal((await ask(one.url + path)).status, 200)
    const refused = await ask(one.url + c)
    assert.equal(refused.status, 503)
    assert.ok(refused.retryAfter >= 1 && refused.retryAfter <= 86_400)
    const again = await start(overrides)
    assert.equal((await ask(again.url + c)).status, 503)
    assert.equal((await ask(again.url + local)).status, 200)
  }
  const free = await start()
  assert.equal((await ask(free.url + c)).status, 200)
})

test('workers share a cap: each knows of it within two seconds', async (t) => {
  const { start, paths } = await remote(t)
  const [a, , c] = paths as [string, string, string]
  const overrides = {
    workers: 2,
    logLevel: 'fatal' as const,
    spaceFetchBytesPerDay: FILE_BYTES,
    answerCacheBytes: 0,
    blockCacheBytes: 0,
  }
  const one = await start(overrides)
  assert.equal((await ask(one.url + a)).status, 200)
  const refusals = async (): Promise<number> => {
    const statuses = await Promise.all(Array.from({ length: 20 }, () => ask(one.url + c)))
    return statuses.filter(({ status }) => status === 503).length
  }
  for (let tries = 0; (await refusals()) < 20; tries++) {
    assert.ok(tries < 20, 'both know within two seconds')
    await sleep(200)
  }
})
