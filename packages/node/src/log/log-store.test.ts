import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { LOG_STORE_CONTRACT } from '@turnpike/core/contract/log-store'
import { FileLogStore } from './log-store.ts'
import { benchSequencer } from './sequencer.bench.ts'

async function tempDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-log-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return directory
}

for (const { name, run } of LOG_STORE_CONTRACT)
  test(`files: ${name}`, async (t) => {
    const store = await FileLogStore.open(await tempDirectory(t))
    try {
      await run(store)
    } finally {
      store.close()
    }
  })

test('what was committed and put is there after the store is opened again', async (t) => {
  const directory = await tempDirectory(t)
  const first = await FileLogStore.open(directory)
  await first.put([{ path: 'checkpoint', bytes: new Uint8Array([1]) }])
  first.compareAndSwap(0, new Uint8Array([2]))
  first.close()
  const second = await FileLogStore.open(directory)
  assert.deepEqual(await second.get('checkpoint'), new Uint8Array([1]))
  assert.equal(second.load()?.version, 1)
  second.close()
})

test('a log that is open can’t be opened again', async (t) => {
  const directory = await tempDirectory(t)
  const store = await FileLogStore.open(directory)
  await assert.rejects(FileLogStore.open(directory, 10), { name: 'LogLocked', directory })
  store.close()
  const next = await FileLogStore.open(directory, 10)
  next.close()
})

test('temps of a killed process are removed', async (t) => {
  const directory = await tempDirectory(t)
  const store = await FileLogStore.open(directory)
  store.close()
  await writeFile(join(directory, 'temp', 'left.tmp'), 'half')
  const next = await FileLogStore.open(directory)
  assert.deepEqual(await readdir(join(directory, 'temp')), [])
  next.close()
})

test('a log of a newer version is refused', async (t) => {
  const directory = await tempDirectory(t)
  const store = await FileLogStore.open(directory)
  store.close()
  const database = new DatabaseSync(join(directory, 'head.sqlite'))
  database.exec('PRAGMA user_version = 2')
  database.close()
  await assert.rejects(FileLogStore.open(directory), { name: 'StoreTooNew', version: 2 })
})

test('a file that can’t be written fails the put', async (t) => {
  const directory = await tempDirectory(t)
  const store = await FileLogStore.open(directory)
  await store.put([{ path: 'checkpoint/inside', bytes: new Uint8Array(1) }])
  const files = [{ path: 'checkpoint', bytes: new Uint8Array(1) }]
  await assert.rejects(store.put(files), /EISDIR|ENOTEMPTY|EEXIST/)
  assert.deepEqual(await readdir(join(directory, 'temp')), [])
  store.close()
})

test('the sequencer’s bench runs', async () => {
  const figures = await benchSequencer(600)
  assert.equal(figures.entries, 600)
  assert.ok(figures.entriesPerSecond > 0 && figures.logBytesPerEntry < 300)
})
