import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { FRAME_HEADER_BYTES } from '@turnpike/core/log/frame'
import { JOURNAL_GROUP_BYTES_MAX, MARK_BYTES } from '@turnpike/core/limits/log'
import { benchJournal } from './journal.bench.ts'
import { openJournal } from './journal.ts'
import { READ_BYTES_MAX } from './options.ts'
import { SLOT_BYTES } from './marks.ts'
import { freeReserve } from './room.ts'
import { journalSource } from './source.ts'
import {
  diskError,
  diskWith,
  groupOf,
  groupsIn,
  openSmall,
  readOf,
  record,
  SMALL,
  tempFolder,
} from './testing/folder.ts'
import { nodeDisk } from './disk.ts'

/** Waits until `isSo`, at most five seconds. */
async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !isSo(); i++) await sleep(5)
  assert.ok(isSo(), 'expected to come true within five seconds')
}

test('entries are durable after flush, and by themselves soon after', async (t) => {
  const folder = await tempFolder(t)
  const journal = await openSmall(folder)
  record(journal, 0, 3)
  await journal.flush()
  assert.equal(journal.stats.durable, 6)
  record(journal, 3, 1)
  await until(() => journal.stats.durable === 8)
  assert.deepEqual(await groupsIn(folder), [0, 1, 2, 3].map(groupOf))
  await journal.close()
})

test('a journal goes on through rotations and openings with its numbers', async (t) => {
  const folder = await tempFolder(t)
  const expected: (readonly Uint8Array[])[] = []
  for (let run = 0; run < 3; run++) {
    const journal = await openSmall(folder)
    for (let i = 0; i < 25; i++) {
      const first = expected.length
      await until(() => journal.stats.roomBytes > 10 * READ_BYTES_MAX)
      record(journal, first, 8)
      for (let k = 0; k < 8; k++) expected.push(groupOf(first + k))
      await journal.flush()
    }
    await journal.close()
  }
  assert.deepEqual(await groupsIn(folder), expected)
  assert.deepEqual(await groupsIn(folder, 900), expected.slice(450))
  const wals = (await readdir(folder)).filter((name) => name.endsWith('.wal'))
  assert.ok(wals.length >= 3, `several files, got ${wals.length}`)
})

test('an empty group gives room back and leaves nothing', async (t) => {
  const folder = await tempFolder(t)
  const journal = await openSmall(folder)
  journal.admit()!.end([])
  await journal.flush()
  assert.equal(journal.stats.openReads, 0)
  assert.deepEqual(await groupsIn(folder), [])
  await journal.close()
})

test('a read ends once', async (t) => {
  const journal = await openSmall(await tempFolder(t))
  const read = journal.admit()!
  read.end(groupOf(0))
  assert.throws(() => read.end(groupOf(0)), TypeError)
  await journal.close()
})

test('as many reads are open as may be, and not one more', async (t) => {
  const journal = await openSmall(await tempFolder(t), { openReadsMax: 5 })
  const reads = Array.from({ length: 5 }, () => journal.admit()!)
  assert.equal(journal.admit(), undefined)
  reads.pop()!.end(groupOf(0))
  assert.ok(journal.admit(), 'one that ended makes place')
  for (const read of reads) read.end([])
  await journal.close()
})

test('reads are admitted up to the last byte of room, and all of them are recorded', async (t) => {
  const folder = await tempFolder(t)
  const fill = (path: string): void => {
    if (path.endsWith('spare.wal') && fills++ > 0) throw diskError('ENOSPC')
  }
  let fills = 0
  const journal = await openSmall(folder, { disk: diskWith({ fill }), openReadsMax: 1000 })
  const open = []
  for (let read = journal.admit(); read !== undefined; read = journal.admit()) open.push(read)
  const room = SMALL.fileBytes! - SMALL.frameBytes!
  assert.equal(open.length, Math.floor(room / READ_BYTES_MAX))
  // The largest groups that there may be.
  const entry = new Uint8Array(JOURNAL_GROUP_BYTES_MAX / 4 - 2).fill(1)
  for (const read of open) read.end([entry, entry, entry, entry])
  await journal.flush()
  assert.equal((await groupsIn(folder)).length, open.length)
  await journal.close()
})

test('what frames leave unused at the ends of files is not promised to anybody', async (t) => {
  const folder = await tempFolder(t)
  // Two groups fill a frame, and a third frame misses its file by 8 bytes.
  const frame = 2 * JOURNAL_GROUP_BYTES_MAX + FRAME_HEADER_BYTES
  const sizes = { frameBytes: 2 * READ_BYTES_MAX, fileBytes: 3 * frame - 8 }
  const fill = (path: string): void => {
    if (path.endsWith('spare.wal') && fills++ > 1) throw diskError('ENOSPC')
  }
  let fills = 0
  const journal = await openSmall(folder, { ...sizes, disk: diskWith({ fill }) })
  await until(() => journal.stats.roomBytes > sizes.fileBytes)
  const open = []
  for (let read = journal.admit(); read !== undefined; read = journal.admit()) open.push(read)
  assert.equal(open.length, 7)
  const entry = new Uint8Array(JOURNAL_GROUP_BYTES_MAX / 4 - 2).fill(1)
  for (const read of open) read.end([entry, entry, entry, entry])
  await journal.flush()
  assert.equal((await groupsIn(folder)).length, open.length)
  await journal.close()
})

test('a group over its bound poisons the journal rather than going unrecorded', async (t) => {
  const failures: Error[] = []
  const journal = await openSmall(await tempFolder(t), {
    onFailure: (error) => failures.push(error),
  })
  const entry = new Uint8Array(JOURNAL_GROUP_BYTES_MAX / 4 - 1).fill(1)
  assert.throws(() => journal.admit()!.end([entry, entry, entry, entry]), RangeError)
  assert.equal(failures.length, 1)
  await assert.rejects(journal.close(), { name: 'JournalFailed' })
})

test('a full disk stops admission, not the process, until there is room again', async (t) => {
  const folder = await tempFolder(t)
  let isFull = false
  const fill = (): void => {
    if (isFull) throw diskError('ENOSPC')
  }
  const journal = await openSmall(folder, { disk: diskWith({ fill }) })
  await until(() => journal.stats.roomBytes > SMALL.fileBytes!)
  isFull = true
  let count = 0
  for (;;) {
    const read = journal.admit()
    if (read === undefined) break
    read.end(groupOf(count++))
    await journal.flush()
  }
  await until(() => journal.stats.roomError !== undefined)
  assert.equal(journal.admit(), undefined)
  isFull = false
  await until(() => journal.stats.roomBytes > READ_BYTES_MAX)
  record(journal, count++, 1)
  await journal.close()
  assert.equal((await groupsIn(folder)).length, count)
})

test('a disk that is full from the start is waited for', async (t) => {
  const folder = await tempFolder(t)
  let isFull = true
  const fill = (): void => {
    if (isFull) throw diskError('ENOSPC')
  }
  const closed = await openSmall(folder, { disk: diskWith({ fill }) })
  assert.equal(closed.admit(), undefined)
  await closed.close()
  const journal = await openSmall(folder, { disk: diskWith({ fill }) })
  assert.equal(journal.admit(), undefined)
  isFull = false
  await until(() => journal.stats.roomBytes > READ_BYTES_MAX)
  record(journal, 0, 1)
  await journal.close()
  assert.equal((await groupsIn(folder)).length, 1)
})

test('an I/O error on what was admitted poisons the journal, once and for good', async (t) => {
  for (const operation of ['write', 'sync'] as const) {
    let isBroken = false
    let syncs = 0
    const fault = (path: string): void => {
      if (path.endsWith('.wal')) syncs++
      if (isBroken && path.endsWith('.wal')) throw diskError('EIO')
    }
    const failures: Error[] = []
    const journal = await openSmall(await tempFolder(t), {
      disk: diskWith({ [operation]: fault }),
      onFailure: (error) => failures.push(error),
    })
    record(journal, 0, 1)
    await journal.flush()
    isBroken = true
    const open = journal.admit()!
    record(journal, 1, 1)
    await assert.rejects(journal.flush(), { name: 'JournalFailed' })
    assert.deepEqual(
      failures.map(({ name }) => name),
      ['JournalFailed'],
    )
    assert.equal(journal.admit(), undefined)
    isBroken = false
    const before = syncs
    open.end(groupOf(2))
    await assert.rejects(journal.flush(), { name: 'JournalFailed' })
    assert.equal(syncs, before, 'a failed write or sync is never tried again')
    await assert.rejects(journal.close(), { name: 'JournalFailed' })
  }
})

test('an I/O error on a mark poisons the journal too', async (t) => {
  const failures: Error[] = []
  const sync = (path: string): void => {
    if (path.endsWith('.marks')) throw diskError('EIO')
  }
  const journal = await openSmall(await tempFolder(t), {
    disk: diskWith({ sync }),
    onFailure: (error) => failures.push(error),
  })
  const read = journal.admit()!
  read.start(readOf(0))
  read.mark(MARK_BYTES, readOf(0).ts)
  await until(() => failures.length > 0)
  assert.equal(journal.admit(), undefined)
  await assert.rejects(journal.close(), { name: 'JournalFailed' })
})

test('an idle journal syncs nothing, and many reads share one sync', async (t) => {
  let syncs = 0
  const disk = diskWith({ sync: () => syncs++ })
  const journal = await openSmall(await tempFolder(t), { disk })
  await until(() => journal.stats.roomBytes > SMALL.fileBytes!)
  const idle = syncs
  await sleep(60)
  assert.equal(syncs, idle)
  record(journal, 0, 8)
  await until(() => journal.stats.durable === 16)
  await sleep(30)
  assert.equal(syncs, idle + 1)
  await journal.close()
})

test('the reserve is made before room, and after its use once a file was released', async (t) => {
  const folder = await tempFolder(t)
  const reserve = `${folder}/reserve`
  const disk = { ...nodeDisk, freeBytes: async () => 0 }
  const journal = await openSmall(folder, { disk, reserveBytes: 100_000 })
  await until(() => journal.stats.roomBytes > SMALL.fileBytes!)
  assert.equal((await stat(reserve)).size, 100_000)
  await freeReserve(folder)
  let count = 0
  const fillUp = async (): Promise<void> => {
    for (let read = journal.admit(); read !== undefined; read = journal.admit()) {
      read.end(groupOf(count++))
      await journal.flush()
    }
  }
  // The spare is used; the next try finds the reserve gone and leaves the disk to its borrower.
  await fillUp()
  await until(() => String(journal.stats.roomError).includes('sequencer has the reserve'))
  await fillUp()
  assert.equal(journal.admit(), undefined)
  await assert.rejects(stat(reserve), { code: 'ENOENT' })
  await journalSource(folder, 'a').release(journal.stats.durable)
  await until(() => journal.stats.roomBytes > READ_BYTES_MAX)
  assert.equal((await stat(reserve)).size, 100_000)
  await journal.close()
})

test('a reserve is made anew, without waiting, on a disk that has room for both', async (t) => {
  const folder = await tempFolder(t)
  const marksBytes = SMALL.openReadsMax! * SLOT_BYTES
  const enough = 2 * 100_000 + marksBytes + SMALL.fileBytes!
  let free = enough - 1
  const disk = { ...nodeDisk, freeBytes: async () => free }
  const journal = await openSmall(folder, { disk, reserveBytes: 100_000 })
  await freeReserve(folder)
  for (let i = 0; journal.stats.roomError === undefined; i++) {
    record(journal, i, 1)
    await journal.flush()
  }
  assert.match(String(journal.stats.roomError), /sequencer has the reserve/)
  assert.equal(existsSync(`${folder}/reserve`), false)
  free = enough
  await until(() => journal.stats.roomError === undefined)
  assert.equal(existsSync(`${folder}/reserve`), true)
  await journal.close()
})

test('a reserve that nobody gives back is made anew after a while', async (t) => {
  const folder = await tempFolder(t)
  const disk = { ...nodeDisk, freeBytes: async () => 0 }
  const journal = await openSmall(folder, { disk, reserveBytes: 100_000, reserveLendMs: 40 })
  await freeReserve(folder)
  for (let read = journal.admit(); read !== undefined; read = journal.admit()) {
    read.end(groupOf(0))
    await journal.flush()
    if (existsSync(`${folder}/reserve`)) break
  }
  await until(() => existsSync(`${folder}/reserve`) && journal.stats.roomError === undefined)
  await journal.close()
})

test('files are filled ahead with zeros and cut behind their frames', async (t) => {
  const folder = await tempFolder(t)
  const journal = await openSmall(folder)
  record(journal, 0, 1)
  await journal.flush()
  const path = `${folder}/${'0'.repeat(20)}.wal`
  const file = await readFile(path)
  assert.equal(file.length, SMALL.fileBytes)
  const { blocks } = await stat(path)
  assert.ok(blocks * 512 >= file.length, 'really written')
  const { writtenBytes } = journal.stats
  assert.ok(file.subarray(writtenBytes).every((byte) => byte === 0))
  await journal.close()
  assert.equal((await stat(path)).size, writtenBytes)
})

test('sizes that do not go together are refused', async (t) => {
  const folder = await tempFolder(t)
  const onFailure = (): void => {}
  for (const sizes of [
    { frameBytes: READ_BYTES_MAX - 1 },
    { frameBytes: 2 * 1024 * 1024 },
    { frameBytes: 8192, fileBytes: 16_383 },
  ])
    await assert.rejects(openJournal({ folder, onFailure, ...sizes }), RangeError)
})

test('a lone read takes at most 250 bytes, and the bench runs', async () => {
  const figures = await benchJournal(2000)
  assert.ok(figures.bytesPerLoneRead <= 250, `got ${figures.bytesPerLoneRead}`)
  assert.ok(figures.bytesPerRead <= 250, `got ${figures.bytesPerRead}`)
  assert.ok(figures.entriesPerSecond > 0)
})

test('a source hands out batches by size, groups whole, durable entries only', async (t) => {
  const folder = await tempFolder(t)
  const journal = await openSmall(folder)
  const source = journalSource(folder, 'a')
  assert.equal(source.name, 'a')
  assert.deepEqual(await source.read(0, 1000), { groups: [], nextEntry: 0 })
  record(journal, 0, 10)
  await journal.flush()
  const one = await source.read(0, 1)
  assert.deepEqual(one, { groups: [groupOf(0)], nextEntry: 2 })
  const two = await source.read(one.nextEntry, 400)
  assert.deepEqual(two, { groups: [groupOf(1), groupOf(2)], nextEntry: 6 })
  assert.equal((await source.read(6, 1_000_000)).nextEntry, 20)
  assert.deepEqual(await source.read(0, 1), one, 'and goes back when asked to')
  await assert.rejects(source.read(1, 1000), RangeError)
  await assert.rejects(source.read(21, 1000), { name: 'JournalBehind', entry: 21, nextEntry: 20 })
  await journal.close()
})

test('a source does not hand out what is written but not durable', async (t) => {
  const folder = await tempFolder(t)
  const gates: Promise<void>[] = []
  const disk = {
    ...nodeDisk,
    async open(path: string, create: boolean) {
      const file = await nodeDisk.open(path, create)
      return { ...file, sync: async () => (await gates[0], file.sync()) }
    },
  }
  const journal = await openSmall(folder, { disk })
  record(journal, 0, 1)
  await journal.flush()
  const { promise, resolve } = Promise.withResolvers<void>()
  gates.push(promise)
  record(journal, 1, 1)
  const flushed = journal.flush()
  const path = `${folder}/${'0'.repeat(20)}.wal`
  const before = journal.stats.writtenBytes
  for (let i = 0; i < 1000 && (await readFile(path))[before + 1] === 0; i++) await sleep(2)
  assert.notDeepEqual((await readFile(path)).subarray(before, before + 16), Buffer.alloc(16))
  assert.deepEqual(await groupsIn(folder), [groupOf(0)], 'it is in the file, and not handed out')
  resolve()
  await flushed
  assert.deepEqual(await groupsIn(folder), [groupOf(0), groupOf(1)])
  await journal.close()
})

test('release deletes whole files that are in the log, never the one in use', async (t) => {
  const folder = await tempFolder(t)
  const journal = await openSmall(folder)
  for (let i = 0; i < 900; i += 10) {
    await until(() => journal.stats.roomBytes > 11 * READ_BYTES_MAX)
    record(journal, i, 10)
    await journal.flush()
  }
  const wals = async (): Promise<number[]> =>
    (await readdir(folder))
      .filter((name) => /^\d+\.wal$/.test(name))
      .map((name) => Number.parseInt(name, 10))
      .sort((a, b) => a - b)
  const before = await wals()
  assert.ok(before.length >= 3)
  const source = journalSource(folder, 'a')
  await source.release(before[1]! - 1)
  assert.deepEqual(await wals(), before)
  await source.release(before[1]!)
  assert.deepEqual(await wals(), before.slice(1))
  await assert.rejects(source.read(0, 1000), { name: 'JournalBehind', firstEntry: before[1] })
  await source.release(1800)
  assert.deepEqual(await wals(), before.slice(-1))
  const marks = (await readdir(folder)).filter((name) => /^\d+\.marks$/.test(name))
  assert.equal(marks.length, 1)
  await journal.close()
  const again = await openSmall(folder)
  assert.equal(again.stats.durable, 1800)
  await again.close()
})
