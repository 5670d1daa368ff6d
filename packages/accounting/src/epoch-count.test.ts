import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { concatBytes } from '@turnpike/core/bytes'
import { COUNTED_EVERY_ENTRIES } from '@turnpike/core/limits/log'
import { encodeFetch } from '@turnpike/core/log/encode'
import { decodeRows, rowsPath } from '@turnpike/core/log/summary'
import type { SummaryRow } from '@turnpike/core/log/summary'
import { checkLog } from './check-log.ts'
import { COUNTED_PATH } from './epoch-count.ts'
import { Sequencer } from './sequencer.ts'
import { groupOf, readOf, testHasher, testRandom, testSigner } from './testing/entries.ts'
import { Faults, MemoryJournal, MemoryLogStore, TestClock } from './testing/memory.ts'

const HOUR = 490_000
const EVERY = 10
const BYTES = 1000n

function worldOf() {
  const faults = new Faults()
  const store = new MemoryLogStore(faults)
  const journal = new MemoryJournal('0', faults)
  const clock = new TestClock(HOUR * EPOCH_MS)
  const deps = {
    store,
    journals: () => [journal],
    clock,
    random: testRandom(),
    hasher: testHasher,
    signer: testSigner('gateway.example/log'),
    countedEveryEntries: EVERY,
  }
  return { store, journal, clock, sequencer: () => new Sequencer(deps), deps }
}
type World = ReturnType<typeof worldOf>

async function round(sequencer: Sequencer): Promise<void> {
  const { error } = await sequencer.round()
  if (error !== undefined) throw error
}

/** `count` reads of two spaces, in a round of their own. */
async function append(world: World, sequencer: Sequencer, first: number, count: number) {
  for (let n = first; n < first + count; n++)
    world.journal.append(groupOf(n, { space: `did:key:${n % 2}`, bytes: BYTES }))
  await round(sequencer)
}

/** Seals the hour, in a process that has just started, and says what its rows came to. */
async function sealedRows(world: World): Promise<readonly SummaryRow[]> {
  world.clock.pass(2 * EPOCH_MS)
  await round(world.sequencer())
  return decodeRows(world.store.get(rowsPath(HOUR))!).ok!
}

const sum = (rows: readonly SummaryRow[]) => rows.reduce((total, { bytes }) => total + bytes, 0n)

test('sums are kept after so many entries, and no earlier', async () => {
  const world = worldOf()
  const sequencer = world.sequencer()
  await append(world, sequencer, 0, EVERY - 1)
  assert.equal(world.store.get(COUNTED_PATH), undefined)
  await append(world, sequencer, EVERY - 1, 1)
  const kept = world.store.get(COUNTED_PATH)
  assert.ok(kept)
  await append(world, sequencer, EVERY, EVERY - 1)
  assert.deepEqual(world.store.get(COUNTED_PATH), kept)
  await append(world, sequencer, 2 * EVERY, 1)
  assert.notDeepEqual(world.store.get(COUNTED_PATH), kept)
  assert.equal(COUNTED_EVERY_ENTRIES, 262_144)
})

test('who starts inside an epoch counts on from what was kept, and knows its FETCHes', async () => {
  const world = worldOf()
  await append(world, world.sequencer(), 0, EVERY)
  const { id } = readOf(EVERY - 1)
  const provider = 'did:key:store'
  world.journal.append([encodeFetch({ id, provider, bytes: 7n, requests: 1, failed: 0 })])
  await append(world, world.sequencer(), EVERY, 3)
  const rows = await sealedRows(world)
  assert.equal(sum(rows), BYTES * BigInt(EVERY + 3))
  assert.deepEqual(
    rows
      .map(({ space, bytesFetched }) => [space, bytesFetched])
      .filter(([, bytes]) => bytes !== 0n),
    [[`did:key:${(EVERY - 1) % 2}`, 7n]],
  )
  assert.equal((await checkLog(world.store, testHasher)).error, undefined)
})

test('what was kept is used: false sums that fit their checksum are found', async () => {
  const world = worldOf()
  await append(world, world.sequencer(), 0, EVERY)
  const body = world.store.get(COUNTED_PATH)!.slice(0, -32)
  // The sum of a row, 5,000, as CBOR has it.
  const at = Buffer.from(body).indexOf(Buffer.from([0x19, 0x13, 0x88]))
  assert.ok(at > 0)
  body[at + 2]! += 1
  const altered = concatBytes([body, testHasher.sha256(body)])
  world.store.files.set(COUNTED_PATH, altered)
  assert.equal(sum(await sealedRows(world)), BYTES * BigInt(EVERY) + 1n)
  assert.equal((await checkLog(world.store, testHasher)).error?.name, 'LogCorrupt')
})

for (const [what, alter] of [
  ['damaged', (bytes: Uint8Array) => bytes.with(40, bytes[40]! ^ 1)],
  ['cut short', (bytes: Uint8Array) => bytes.slice(0, 20)],
  ['of another log', (bytes: Uint8Array) => rooted(bytes)],
] as const)
  test(`what was kept and is ${what} is left alone, and all is counted`, async () => {
    const world = worldOf()
    await append(world, world.sequencer(), 0, EVERY)
    world.store.files.set(COUNTED_PATH, alter(world.store.get(COUNTED_PATH)!))
    assert.equal(sum(await sealedRows(world)), BYTES * BigInt(EVERY))
    assert.equal((await checkLog(world.store, testHasher)).error, undefined)
  })

test('sums of one hour are not taken for the next', async () => {
  const world = worldOf()
  const sequencer = world.sequencer()
  await append(world, sequencer, 0, EVERY)
  world.clock.pass(EPOCH_MS)
  await append(world, sequencer, EVERY, 2)
  world.clock.pass(2 * EPOCH_MS)
  await round(world.sequencer())
  assert.equal(sum(decodeRows(world.store.get(rowsPath(HOUR + 1))!).ok!), 2n * BYTES)
  assert.equal((await checkLog(world.store, testHasher)).error, undefined)
})

/** The same with another root and a checksum that fits. */
function rooted(bytes: Uint8Array): Uint8Array {
  const body = bytes.slice(0, -32)
  // The only byte string of 32 bytes: its head is 58 20.
  const at = Buffer.from(body).indexOf(Buffer.from([0x58, 0x20]))
  body[at + 2]! ^= 1
  return concatBytes([body, testHasher.sha256(body)])
}
