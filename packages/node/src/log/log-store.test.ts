import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { emptyState, encodeState } from '@turnpike/accounting/state'
import { LOG_STORE_CONTRACT } from '@turnpike/core/contract/log-store'
import { nodeHasher } from '../hasher.ts'
import { parseStopRecord } from '../stop-record.ts'
import { FileLogStore } from './log-store.ts'
import { benchSequencer } from './sequencer.bench.ts'

async function tempDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-log-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** A log that was stopped once, opened again. */
async function openedAgain(directory: string): Promise<FileLogStore> {
  const store = await FileLogStore.open(directory)
  store.compareAndSwap(0, encodeState(nodeHasher, emptyState(nodeHasher)))
  await store.put([{ path: 'checkpoint', bytes: new Uint8Array(99) }])
  store.close()
  return FileLogStore.open(directory)
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
  await rm(join(directory, 'clean'))
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

test('a log that was changed since its clean stop is refused, and the record stays', async (t) => {
  const directory = await tempDirectory(t)
  const stopped = await openedAgain(directory)
  stopped.close()
  const names = ['head.sqlite', 'checkpoint', 'clean']
  assert.deepEqual((await readdir(directory)).toSorted(), ['temp', ...names].toSorted())
  for (const name of names) {
    const path = join(directory, name)
    const bytes = await readFile(path)
    for (const changed of [bytes.with(70, bytes[70]! ^ 1), bytes.subarray(1), undefined]) {
      if (changed === undefined && name === 'clean') continue
      await (changed === undefined ? rm(path) : writeFile(path, changed))
      await assert.rejects(FileLogStore.open(directory), { name: 'LogCorrupt', file: name })
    }
    await writeFile(path, bytes)
  }
  await writeFile(join(directory, 'kept'), '')
  await assert.rejects(FileLogStore.open(directory), { name: 'LogCorrupt', file: 'kept' })
  await rm(join(directory, 'kept'))
  const store = await FileLogStore.open(directory)
  assert.ok(!existsSync(join(directory, 'clean')), 'an open log has no record')
  store.close()
})

test('files of a round that was never committed are in the record of a stop', async (t) => {
  const directory = await tempDirectory(t)
  const store = await openedAgain(directory)
  const rest = ['tile/entries/000', 'tile/0/000', 'tile/1/000', 'tile/0/x002/048', 'rows/9']
  await store.put(rest.map((path) => ({ path, bytes: new Uint8Array(9) })))
  const open = { epoch: 9, first: 0, firstRoot: new Uint8Array(32) }
  store.compareAndSwap(1, encodeState(nodeHasher, { ...emptyState(nodeHasher), open }))
  store.close()
  const record = parseStopRecord(await readFile(join(directory, 'clean'), 'utf8'))!
  const names = record.map(({ name }) => name)
  assert.deepEqual(names, ['checkpoint', 'head.sqlite', ...rest].toSorted())
  await writeFile(join(directory, rest[1]!), 'else')
  await assert.rejects(FileLogStore.open(directory), { name: 'LogCorrupt', file: rest[1]! })
})

test('a log whose state is damaged is stopped without a record', async (t) => {
  const directory = await tempDirectory(t)
  const store = await openedAgain(directory)
  store.compareAndSwap(1, new Uint8Array(40))
  store.close()
  assert.ok(!existsSync(join(directory, 'clean')))
})

test('the sequencer’s bench runs', async () => {
  const figures = await benchSequencer(600)
  assert.equal(figures.entries, 600)
  assert.ok(figures.entriesPerSecond > 0 && figures.logBytesPerEntry < 300)
})
