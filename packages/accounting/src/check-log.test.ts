import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkLog } from './check-log.ts'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { Sequencer } from './sequencer.ts'
import { groupOf, testHasher, testRandom, testSigner } from './testing/entries.ts'
import { MemoryJournal, MemoryLogStore, TestClock } from './testing/memory.ts'

/** A log of two bundles and a part of one, with one sealed epoch. */
async function smallLog(): Promise<{ store: MemoryLogStore; sequencer: Sequencer }> {
  const store = new MemoryLogStore()
  const journal = new MemoryJournal('0')
  const clock = new TestClock(1_700_000_000_000)
  const deps = {
    store,
    journals: () => [journal],
    clock,
    random: testRandom(),
    hasher: testHasher,
    signer: testSigner('gateway.example/log'),
  }
  const sequencer = new Sequencer(deps)
  for (let n = 0; n < 300; n++) journal.append(groupOf(n))
  await sequencer.round()
  clock.pass(2 * EPOCH_MS)
  for (let n = 0; n < 230; n++) journal.append(groupOf(n))
  await sequencer.round()
  return { store, sequencer: new Sequencer(deps) }
}

test('a whole log passes, with its size and epochs', async () => {
  const { store } = await smallLog()
  const { ok: report } = await checkLog(store, testHasher)
  assert.deepEqual([report?.size, report?.epochs], [531, 1])
})

test('an empty log passes', async () => {
  assert.equal((await checkLog(new MemoryLogStore(), testHasher)).ok?.size, 0)
})

test('any altered byte of any file is found, and its file named', async () => {
  const { store } = await smallLog()
  const paths = [...store.files.keys()].filter((path) => path !== 'checkpoint')
  assert.deepEqual(paths.toSorted(), [
    'rows/472222',
    'tile/0/000',
    'tile/0/001',
    'tile/entries/000',
    'tile/entries/001',
  ])
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...paths),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      async (path, at, flip) => {
        const file = store.files.get(path)!
        file[at % file.length]! ^= flip
        const { error } = await checkLog(store, testHasher)
        file[at % file.length]! ^= flip
        assert.equal(error?.name, 'LogCorrupt')
        // A bundle and its tile accuse each other: the message names one of the two.
        const number = path.slice(-3)
        const named = path.startsWith('rows/')
          ? [path]
          : [`tile/0/${number}`, `tile/entries/${number}`]
        assert.ok(named.includes(error.file), `${path}: ${error.message}`)
      },
    ),
    { numRuns: 60 },
  )
})

test('any altered byte of the committed state is found', async () => {
  const { store, sequencer } = await smallLog()
  const { version, bytes } = store.load()!
  for (let at = 0; at < bytes.length; at += 997) {
    bytes[at]! ^= 1
    const { error } = await checkLog(store, testHasher)
    assert.deepEqual([error?.name, error?.file], ['LogCorrupt', 'state'])
    bytes[at]! ^= 1
  }
  assert.equal(store.load()?.version, version)
  assert.equal((await sequencer.round()).error, undefined)
})

test('a sequencer refuses to go on from a corrupt edge, naming the file', async () => {
  const cases: readonly (readonly [path: string, alter: (store: MemoryLogStore) => void])[] = [
    ['tile/0/001', (store) => store.files.delete('tile/0/001')],
    ['tile/0/001', (store) => void (store.files.get('tile/0/001')![5]! ^= 1)],
    ['tile/0/001', (store) => store.files.set('tile/0/001', new Uint8Array(8191))],
    ['state', (store) => void (store.load()!.bytes[100]! ^= 1)],
  ]
  for (const [file, alter] of cases) {
    const { store, sequencer } = await smallLog()
    alter(store)
    const { error } = await sequencer.round()
    assert.equal(error?.name, 'LogCorrupt')
    assert.equal(error.file, file)
  }
})

test('a missing bundle is named', async () => {
  const { store } = await smallLog()
  store.files.delete('tile/entries/000')
  const { error } = await checkLog(store, testHasher)
  assert.equal(error?.file, 'tile/entries/000')
})
