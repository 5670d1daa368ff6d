import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { groupOf, readOf } from '@turnpike/accounting/testing/entries'
import { INBOX_CONTRACT, type InboxSubject } from '@turnpike/core/contract/inbox'
import {
  INBOX_CALLS_MAX,
  INBOX_COMMIT_GROUPS_MAX,
  INBOX_ROW_BYTES_MAX,
} from '@turnpike/core/limits/inbox'
import type { InboxGroup } from '@turnpike/core/ports/inbox'
import { JournalCorrupt } from '../journal/files.ts'
import { openInbox, openInboxDatabase, SqliteInbox } from './inbox.ts'

async function pathIn(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-inbox-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return join(directory, 'inbox.sqlite')
}

function subjectOf(path: string, inbox: SqliteInbox = openInbox(path)): InboxSubject {
  return { inbox, source: inbox, crash: async () => subjectOf(path) }
}

for (const { name, run } of INBOX_CONTRACT)
  test(`inbox: ${name}`, async (t) => run(subjectOf(await pathIn(t))))

function inboxGroup(n: number): InboxGroup {
  return { key: readOf(n).id, entries: groupOf(n) }
}

async function countOf(inbox: SqliteInbox, from = 0): Promise<number> {
  let at = from
  for (;;) {
    const { nextEntry } = await inbox.read(at, 64 * 1024)
    if (nextEntry === at) return at
    at = nextEntry
  }
}

test('each group counts once, however calls repeat and overlap, over restarts', async (t) => {
  const path = await pathIn(t)
  let inbox = openInbox(path)
  const counted = new Set<string>()
  const call = fc.record({
    source: fc.constantFrom('did:key:a', 'did:key:b'),
    groups: fc.array(fc.nat(200), { maxLength: 20 }),
  })
  const step = fc.record({ calls: fc.array(call, { maxLength: 4 }), restart: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(step, async ({ calls, restart }) => {
      const answers = calls.map(({ source, groups }) =>
        inbox.accept(source, groups.map(inboxGroup)),
      )
      for (const [i, { ok }] of (await Promise.all(answers)).entries())
        for (const [k, n] of calls[i]!.groups.entries()) {
          const name = `${calls[i]!.source} ${n}`
          assert.equal(ok![k]!.kind, counted.has(name) ? 'seen' : 'counted')
          counted.add(name)
        }
      if (restart) inbox = openInbox(path)
      assert.equal(await countOf(inbox), counted.size)
    }),
    { numRuns: 60 },
  )
})

test('a full disk takes nothing of a call, and the next try takes it all', async (t) => {
  const path = await pathIn(t)
  const database = openInboxDatabase(path)
  const inbox = new SqliteInbox(database, path)
  const groups = Array.from({ length: 400 }, (_, n) => inboxGroup(n))
  assert.ok((await inbox.accept('did:key:a', groups.slice(0, 10))).ok)
  const { page_count: pages } = database.prepare('PRAGMA page_count').get()!
  database.exec(`PRAGMA max_page_count = ${Number(pages)}`)
  const { error } = await inbox.accept('did:key:a', groups)
  assert.equal(error?.name, 'InboxFull')
  assert.equal(await countOf(inbox), 10)
  database.exec('PRAGMA max_page_count = 1000000')
  const { ok } = await inbox.accept('did:key:a', groups)
  assert.equal(ok!.filter(({ kind }) => kind === 'counted').length, 390)
  assert.equal(await countOf(inbox), 400)
})

test('entries that nobody takes into the log bound what is accepted', async (t) => {
  const path = await pathIn(t)
  const inbox = new SqliteInbox(openInboxDatabase(path), path, { backlogBytesMax: 1000 })
  let count = 0
  for (; ; count++) {
    const { error } = await inbox.accept('did:key:a', [inboxGroup(count)])
    if (error !== undefined) break
  }
  assert.ok(inbox.waitingBytes >= 1000 && inbox.waitingBytes < 1500)
  await inbox.release(count)
  assert.equal(inbox.waitingBytes, 0)
  const { ok } = await inbox.accept('did:key:a', [inboxGroup(0), inboxGroup(count)])
  assert.deepEqual(
    ok!.map(({ kind }) => kind),
    ['seen', 'counted'],
  )
})

test(`more than ${INBOX_CALLS_MAX} calls at once, or groups in one, are refused`, async (t) => {
  const inbox = openInbox(await pathIn(t))
  const calls = Array.from({ length: INBOX_CALLS_MAX }, () => inbox.accept('did:key:a', []))
  assert.equal((await inbox.accept('did:key:a', [])).error?.name, 'InboxFull')
  for (const { ok } of await Promise.all(calls)) assert.deepEqual(ok, [])
  const many = Array.from({ length: INBOX_COMMIT_GROUPS_MAX + 1 }, () => inboxGroup(1))
  await assert.rejects(inbox.accept('did:key:a', many), RangeError)
  const { ok } = await inbox.accept('did:key:a', many.slice(1))
  assert.equal(ok!.filter(({ kind }) => kind === 'counted').length, 1)
})

test('what waits fills rows up to their bound, and is read in pieces', async (t) => {
  const path = await pathIn(t)
  const inbox = openInbox(path)
  const count = Math.ceil((3 * INBOX_ROW_BYTES_MAX) / groupOf(0)[0]!.length)
  const groups = Array.from({ length: count }, (_, n) => inboxGroup(n))
  assert.ok((await inbox.accept('did:key:a', groups)).ok)
  const rows = new DatabaseSync(path).prepare('SELECT length(frame) AS bytes FROM waiting').all()
  assert.equal(rows.length, 4)
  for (const { bytes } of rows) assert.ok(Number(bytes) <= INBOX_ROW_BYTES_MAX)
  const { groups: some, nextEntry } = await inbox.read(5, 10_000)
  assert.ok(some.length > 30 && some.length < 120)
  assert.equal(nextEntry, 5 + some.length)
  assert.deepEqual(some[0], groupOf(5))
  assert.equal(await countOf(inbox, nextEntry), count)
})

test('a row that was altered is told, and not read', async (t) => {
  const path = await pathIn(t)
  const inbox = openInbox(path)
  await inbox.accept('did:key:a', [inboxGroup(1)])
  const other = new DatabaseSync(path)
  const { frame } = other.prepare('SELECT frame FROM waiting').get()!
  const altered = new Uint8Array(frame as Uint8Array)
  altered[altered.length - 1]! ^= 1
  other.prepare('UPDATE waiting SET frame = ?').run(altered)
  other.close()
  await assert.rejects(inbox.read(0, 1000), JournalCorrupt)
})

test('what was called before it closes is written and answered', async (t) => {
  const path = await pathIn(t)
  const inbox = openInbox(path)
  const answer = inbox.accept('did:key:a', [inboxGroup(1)])
  inbox.close()
  assert.equal((await answer).ok![0]!.kind, 'counted')
  assert.equal(await countOf(openInbox(path)), 1)
})
