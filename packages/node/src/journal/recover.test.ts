import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { cp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { decodeEntry } from '@turnpike/core/log/decode'
import { READ_FLAGS } from '@turnpike/core/log/entry'
import type { ReadEntry } from '@turnpike/core/log/entry'
import { MARK_BYTES, MARK_MS } from '@turnpike/core/limits/log'
import { nodeDisk } from './disk.ts'
import { JournalCorrupt } from './files.ts'
import { MARK_RECORD_BYTES, markedReads } from './marks.ts'
import { recover } from './recover.ts'
import { journalSource } from './source.ts'
import { groupOf, groupsIn, openSmall, readOf, record, tempFolder } from './testing/folder.ts'

const FIRST_WAL = `${'0'.repeat(20)}.wal`

/** What a kill leaves: the files as they are now, while the journal is open. */
async function killed(folder: string, name: string): Promise<string> {
  const copy = `${folder}-${name}`
  await cp(folder, copy, { recursive: true })
  return copy
}

async function readsIn(folder: string): Promise<readonly ReadEntry[]> {
  const reads: ReadEntry[] = []
  for (const group of await groupsIn(folder)) {
    const decoded = decodeEntry(group[0]!).ok
    if (decoded?.kind === 'read') reads.push({ ...decoded.entry, id: decoded.entry.id.slice() })
  }
  return reads
}

/** A journal of a few frames that was killed, and the bytes of its file. */
async function someFrames(folder: string): Promise<{ file: Buffer; ends: number[] }> {
  const journal = await openSmall(folder)
  const ends = [0]
  for (let i = 0; i < 6; i++) {
    record(journal, 2 * i, 2)
    await journal.flush()
    ends.push(journal.stats.writtenBytes)
  }
  const file = await readFile(`${folder}/${FIRST_WAL}`)
  await journal.close()
  return { file, ends }
}

test('I14: a file cut at any byte recovers the frames before the cut', async (t) => {
  const root = await tempFolder(t)
  const { file, ends } = await someFrames(`${root}/a`)
  const folder = `${root}/a`
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: ends.at(-1)! }),
      fc.boolean(),
      async (cut, zeros) => {
        for (const name of await readdir(folder)) await rm(`${folder}/${name}`)
        await writeFile(`${folder}/${FIRST_WAL}`, file.subarray(0, cut))
        if (zeros) await truncate(`${folder}/${FIRST_WAL}`, file.length)
        const whole = ends.filter((end) => end <= cut).length - 1
        const recovered = await recover(folder, nodeDisk)
        assert.equal(recovered.ok?.nextEntry, whole * 4)
        assert.equal((await stat(`${folder}/${FIRST_WAL}`)).size, ends[whole])
      },
    ),
    { numRuns: 60 },
  )
})

test('a flipped bit before the last frame is refused, naming file and offset', async (t) => {
  const root = await tempFolder(t)
  const folder = `${root}/a`
  const { file, ends } = await someFrames(folder)
  await rm(`${folder}/clean`)
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: ends.at(-2)! * 8 - 1 }), async (bit) => {
      const bent = Uint8Array.from(file)
      bent[bit >> 3]! ^= 1 << (bit & 7)
      await writeFile(`${folder}/${FIRST_WAL}`, bent)
      const { error } = await recover(folder, nodeDisk)
      assert.ok(error instanceof JournalCorrupt)
      assert.equal(error.file, `${folder}/${FIRST_WAL}`)
      assert.equal(
        error.offset,
        ends.findLast((end) => end <= bit >> 3),
      )
      assert.deepEqual(await readFile(`${folder}/${FIRST_WAL}`), Buffer.from(bent), 'untouched')
    }),
    { numRuns: 60 },
  )
})

test('a changed last frame is found by the watermark after a kill', async (t) => {
  const root = await tempFolder(t)
  const { file, ends } = await someFrames(`${root}/a`)
  await rm(`${root}/a/clean`)
  file[ends.at(-2)! + 20]! ^= 1
  await writeFile(`${root}/a/${FIRST_WAL}`, file)
  const { error } = await recover(`${root}/a`, nodeDisk)
  assert.equal(error?.offset, ends.at(-2))
})

test('after a clean stop any change of a file is refused, before anything is cut', async (t) => {
  const root = await tempFolder(t)
  await someFrames(`${root}/a`)
  const path = `${root}/a/${FIRST_WAL}`
  const file = await readFile(path)
  const changes: [string, () => Promise<void>][] = [
    [
      'a bit of the last frame',
      () => writeFile(path, file.with(file.length - 1, file.at(-1)! ^ 1)),
    ],
    ['a shorter file', () => truncate(path, file.length - 1)],
    ['a longer file', () => truncate(path, file.length + 1)],
    ['no file', () => rm(path)],
    ['a file beside', () => writeFile(`${root}/a/${'9'.repeat(20)}.wal`, '')],
    ['a damaged record', () => writeFile(`${root}/a/clean`, 'x\n')],
    ['a bit of the record', () => writeFile(`${root}/a/clean`, stop.with(70, stop[70]! ^ 1))],
    ['an earlier watermark', () => writeFile(`${root}/a/durable`, durable.with(7, 1))],
    ['no watermark', () => rm(`${root}/a/durable`)],
  ]
  const stop = await readFile(`${root}/a/clean`)
  const durable = await readFile(`${root}/a/durable`)
  for (const [name, change] of changes) {
    await change()
    const { error } = await recover(`${root}/a`, nodeDisk)
    assert.equal(error?.name, 'JournalCorrupt', name)
    assert.match(error.message, /stop|record/, name)
    await rm(`${root}/a/${'9'.repeat(20)}.wal`, { force: true })
    await writeFile(path, file)
    await writeFile(`${root}/a/clean`, stop)
    await writeFile(`${root}/a/durable`, durable)
  }
  assert.equal((await recover(`${root}/a`, nodeDisk)).ok?.nextEntry, 24)
  await assert.rejects(stat(`${root}/a/clean`), { code: 'ENOENT' })
})

test('files released while stopped are no damage; a gap between files is', async (t) => {
  const root = await tempFolder(t)
  const folder = `${root}/a`
  for (let i = 0; i < 3; i++) {
    const journal = await openSmall(folder)
    record(journal, i * 5, 5)
    await journal.close()
  }
  const gap = await killed(folder, 'gap')
  await rm(`${gap}/clean`)
  await rm(`${gap}/${'10'.padStart(20, '0')}.wal`)
  const { error } = await recover(gap, nodeDisk)
  assert.equal(error?.file, `${gap}/${'20'.padStart(20, '0')}.wal`)
  await journalSource(folder, 'a').release(20)
  assert.equal((await recover(folder, nodeDisk)).ok?.nextEntry, 30)
})

test('files that the log releases during a recovery are left to it', async (t) => {
  const folder = `${await tempFolder(t)}/a`
  for (let i = 0; i < 3; i++) {
    const journal = await openSmall(folder)
    record(journal, i * 5, 5)
    await journal.close()
  }
  let releases = 0
  const disk = {
    ...nodeDisk,
    async open(path: string, create: boolean) {
      if (releases++ === 0) await journalSource(folder, 'a').release(20)
      return nodeDisk.open(path, create)
    },
  }
  assert.equal((await recover(folder, disk)).ok?.nextEntry, 30)
  assert.equal(releases, 2, 'one file was gone, one is left')
  const gone = { ...disk, open: (path: string) => nodeDisk.open(`${path}-none`, false) }
  await assert.rejects(recover(folder, gone), { code: 'ENOENT' }, 'it gives up at its bound')
})

test('a read that a kill cuts becomes one READ with flag 256, at its last mark', async (t) => {
  const root = await tempFolder(t)
  const journal = await openSmall(`${root}/a`)
  const started = 1_763_683_200_000
  const read = journal.admit()!
  read.start(readOf(1, { ts: started }))
  read.mark(MARK_BYTES - 1, started + MARK_MS - 1)
  const silent = journal.admit()!
  silent.start(readOf(2))
  await sleep(20)
  const early = await killed(`${root}/a`, 'early')
  read.mark(MARK_BYTES, started + 5)
  read.mark(2 * MARK_BYTES - 1, started + 6)
  read.mark(2 * MARK_BYTES, started + 7)
  read.mark(2 * MARK_BYTES + 5, started + 7 + MARK_MS)
  read.mark(2 * MARK_BYTES + 5, started + 7 + 3 * MARK_MS)
  const ended = journal.admit()!
  ended.start(readOf(3))
  ended.mark(MARK_BYTES, started)
  ended.end(groupOf(3))
  await journal.flush()
  await sleep(20)
  const late = await killed(`${root}/a`, 'late')

  const before = await openSmall(early)
  assert.equal(before.stats.recovered, 0, 'a start without a mark leaves nothing')
  await before.close()
  const after = await openSmall(late)
  assert.equal(after.stats.recovered, 1)
  const again = await killed(late, 'again')
  await after.close()
  const reads = await readsIn(late)
  assert.deepEqual(
    reads.map(({ id }) => id[3]),
    [3, 1],
  )
  const expected = readOf(1)
  assert.deepEqual(reads[1], {
    ...expected,
    ts: started + 7 + MARK_MS,
    bytes: BigInt(2 * MARK_BYTES + 5),
    flags: expected.flags | READ_FLAGS.recovered,
  })
  // Whoever kills the recovered journal at once finds the read recorded, and does not repeat it.
  const third = await openSmall(again)
  assert.equal(third.stats.recovered, 0)
  await third.close()
  assert.equal((await readsIn(again)).length, 2)
  read.end(groupOf(1))
  silent.end([])
  await journal.close()
})

test('marks outlive the journal file they were made beside', async (t) => {
  const root = await tempFolder(t)
  const folder = `${root}/a`
  const journal = await openSmall(folder)
  const read = journal.admit()!
  read.start(readOf(9999))
  read.mark(MARK_BYTES, 1_763_683_300_000)
  for (let i = 0; (await readdir(folder)).filter((n) => /^\d+\.wal$/.test(n)).length < 3; i++) {
    while (journal.stats.roomBytes < 20_000) await sleep(2)
    record(journal, i * 3, 3)
    await journal.flush()
  }
  await journalSource(folder, 'a').release(journal.stats.durable)
  assert.equal((await readdir(folder)).filter((n) => /^\d+\.marks$/.test(n)).length, 1)
  const copy = await killed(folder, 'b')
  const recovered = await openSmall(copy)
  assert.equal(recovered.stats.recovered, 1)
  await recovered.close()
  read.end(groupOf(9999))
  await journal.close()
})

test('reads that are open at a clean stop are found like those of a kill', async (t) => {
  const folder = await tempFolder(t)
  const journal = await openSmall(folder)
  const read = journal.admit()!
  read.start(readOf(7))
  read.mark(MARK_BYTES, 1_763_683_300_000)
  await journal.close()
  assert.throws(() => read.end(groupOf(7)), TypeError)
  const again = await openSmall(folder)
  assert.equal(again.stats.recovered, 1)
  await again.close()
  const left = (await readdir(folder)).filter((name) => name.endsWith('.marks'))
  assert.deepEqual(left, [], 'without open reads no marks are left')
})

test('marks of a read are written in turn, so that one is always whole', async (t) => {
  const root = await tempFolder(t)
  const journal = await openSmall(`${root}/a`)
  const read = journal.admit()!
  read.start(readOf(1))
  for (let i = 1; i <= 5; i++) {
    read.mark(10 * i * MARK_BYTES, 1_763_683_300_000)
    // At once, with nothing awaited: a kill in the next moment finds it.
    const table = readFileSync(`${root}/a/${FIRST_WAL.replace('wal', 'marks')}`)
    const last = 10 * i * MARK_BYTES
    assert.equal(markedReads(table)[0]?.mark.bytes, last)
    const afterTear = (at: number): number | undefined => {
      const torn = Uint8Array.from(table)
      torn[at]! ^= 1
      return markedReads(torn)[0]?.mark.bytes
    }
    const former = i === 1 ? undefined : 10 * (i - 1) * MARK_BYTES
    const found = [afterTear(0), afterTear(MARK_RECORD_BYTES)]
    assert.deepEqual(i % 2 === 0 ? found : found.toReversed(), [last, former])
  }
  read.end(groupOf(1))
  await journal.close()
})

test('slots of marks are used again only when the entry before is durable', async (t) => {
  const root = await tempFolder(t)
  const journal = await openSmall(`${root}/a`, { openReadsMax: 2 })
  for (let i = 0; i < 10; i++) {
    const reads = [0, 1].map((k) => {
      const read = journal.admit()!
      read.start(readOf(2 * i + k))
      read.mark(MARK_BYTES * (i + 1), 1_763_683_300_000)
      return read
    })
    assert.equal(journal.admit(), undefined)
    for (const [k, read] of reads.entries()) read.end(groupOf(2 * i + k))
    assert.equal(journal.admit(), undefined, 'ended, not yet durable')
    await journal.flush()
  }
  const copy = await killed(`${root}/a`, 'b')
  await journal.close()
  const again = await openSmall(copy)
  assert.equal(again.stats.recovered, 0)
  assert.equal((await readsIn(copy)).length, 20)
  await again.close()
})

test('a mark before the start, and an end without the entry of marks, are refused', async (t) => {
  const journal = await openSmall(await tempFolder(t))
  const read = journal.admit()!
  assert.throws(() => read.mark(MARK_BYTES, 0), TypeError)
  read.start(readOf(1))
  read.mark(MARK_BYTES, 0)
  assert.throws(() => read.end([]), TypeError)
  read.end(groupOf(1))
  await journal.close()
})
