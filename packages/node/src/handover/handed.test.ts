import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { crc32 } from 'node:zlib'
import { groupOf } from '@turnpike/accounting/testing/entries'
import { HAND_ON_REFUSED_MAX } from '@turnpike/core/limits/inbox'
import { frameAt, frameGroups } from '@turnpike/core/log/frame'
import { HandedFile, openHanded, openHandedDatabase, TooManyRefused } from './handed.ts'

async function pathIn(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-handed-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return join(directory, 'handed.sqlite')
}

function refusedAt(entry: number): Parameters<HandedFile['settle']>[2][number] {
  return { journal: '0', entry, reason: `because of ${entry}`, entries: groupOf(entry) }
}

test('positions and refused groups are there after a restart, whole', async (t) => {
  const path = await pathIn(t)
  let handed = openHanded(path, () => 5)
  assert.deepEqual([handed.get('0'), handed.audience, handed.refusedCount], [0, undefined, 0])
  handed.audience = 'did:web:a.example'
  handed.settle('0', 10, [refusedAt(3), refusedAt(7)])
  handed.settle('1', 4, [])
  handed.settle('0', 12, [])
  handed.close()
  handed = openHanded(path, () => 6)
  assert.deepEqual([handed.get('0'), handed.get('1'), handed.get('2')], [12, 4, 0])
  assert.equal(handed.audience, 'did:web:a.example')
  const [first] = handed.refused(1)
  assert.deepEqual(
    { ...first },
    {
      journal: '0',
      entry: 3,
      refusedMs: 5,
      reason: 'because of 3',
    },
  )
  const database = new DatabaseSync(path)
  const { frame } = database.prepare('SELECT frame FROM refused WHERE entry = 7').get()!
  const found = frameAt(frame as Uint8Array, 0, crc32)!
  assert.deepEqual([found.first, frameGroups(found)], [7, [groupOf(7)]])
  database.close()
  handed.close()
})

test('a position never goes back', async (t) => {
  const handed = openHanded(await pathIn(t), () => 5)
  handed.settle('0', 10, [])
  handed.settle('0', 4, [])
  assert.equal(handed.get('0'), 10)
  handed.close()
})

test(`with ${HAND_ON_REFUSED_MAX} refused groups nothing more is let go of`, async (t) => {
  const path = await pathIn(t)
  const handed = openHanded(path, () => 5)
  const database = new DatabaseSync(path)
  database.exec(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
       LIMIT ${HAND_ON_REFUSED_MAX - 1})
     INSERT INTO refused SELECT 'x', i, 0, '', x'00' FROM n`,
  )
  handed.settle('0', 10, [refusedAt(9)])
  assert.equal(handed.refusedCount, HAND_ON_REFUSED_MAX)
  assert.throws(() => handed.settle('0', 20, [refusedAt(19)]), TooManyRefused)
  assert.equal(handed.get('0'), 10)
  handed.settle('0', 20, [])
  database.exec('DELETE FROM refused')
  handed.settle('0', 30, [refusedAt(29)])
  assert.equal(handed.refusedCount, 1)
  database.close()
  handed.close()
})

test('a full disk moves no position and keeps no group', async (t) => {
  const path = await pathIn(t)
  const database = openHandedDatabase(path)
  const handed = new HandedFile(database, path, () => 5)
  handed.settle('0', 10, [])
  const { page_count: pages } = database.prepare('PRAGMA page_count').get()!
  database.exec(`PRAGMA max_page_count = ${Number(pages)}`)
  const many = Array.from({ length: 500 }, (_, i) => refusedAt(i))
  assert.throws(() => handed.settle('0', 20, many), /full/)
  assert.deepEqual([handed.get('0'), handed.refusedCount], [10, 0])
  handed.close()
})

test('refused groups come out in order to be sent again, and go when they are taken', async (t) => {
  const handed = openHanded(await pathIn(t), () => 5)
  handed.settle('1', 9, [{ ...refusedAt(0), journal: '1' }])
  handed.settle('0', 9, [refusedAt(3), refusedAt(7)])
  const all = handed.next(undefined)
  assert.deepEqual(
    all.map(({ journal, entry }) => [journal, entry]),
    [
      ['0', 3],
      ['0', 7],
      ['1', 0],
    ],
  )
  assert.deepEqual(all[1], refusedAt(7))
  assert.deepEqual(handed.next(all[1]), all.slice(2))
  assert.deepEqual(handed.next(all[2]), [])
  handed.resettle(all, [{ kind: 'counted' }, { kind: 'refused', reason: 'new' }, { kind: 'seen' }])
  assert.deepEqual(handed.next(undefined), [{ ...refusedAt(7), reason: 'new' }])
  handed.close()
})
