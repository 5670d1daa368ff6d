import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { groupOf, readOf } from '@turnpike/accounting/testing/entries'
import { ACCOUNTING_CALLS_MAX } from '@turnpike/core/limits/log'
import { openJournal } from '../journal/journal.ts'
import type { NodeJournal } from '../journal/journal.ts'
import type { AccountingStopped } from './fault.ts'
import { isDiskFull, stoppedBy } from './fault.ts'
import { Journals } from './journals.ts'
import { accountingPaths, openAccounting } from './open.ts'
import type { AccountingHost } from './open.ts'
import { startAccounting } from './thread.ts'

const origin = 'gateway.example/log'

async function tempFolder(t: TestContext): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'turnpike-thread-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  return dataDir
}

async function journalOf(dataDir: string, slot: string): Promise<NodeJournal> {
  const opened = await openJournal({
    folder: join(accountingPaths(dataDir).journals, slot),
    reserveBytes: 0,
    onFailure: (error) => assert.fail(error),
  })
  assert.equal(opened.error, undefined)
  return opened.ok!
}

function read(journal: NodeJournal, n: number): void {
  journal.admit()!.end(groupOf(n, { bytes: 10n }))
}

async function reads(accounting: AccountingHost): Promise<number> {
  const { ok, error } = await accounting.usage({})
  assert.equal(error, undefined)
  return ok!.reads
}

test('usage is the same while it runs on a thread and when opened directly', async (t) => {
  const dataDir = await tempFolder(t)
  const [first, second] = [await journalOf(dataDir, '0'), await journalOf(dataDir, '1')]
  const standing: unknown[] = []
  const started = await startAccounting({
    dataDir,
    origin,
    slotsInUse: ['0', '1'],
    onStanding: (fault) => standing.push(fault),
  })
  const thread = started.ok!
  read(first, 1)
  read(second, 2)
  await Promise.all([first.flush(), second.flush()])
  assert.equal(await reads(thread), 2)
  read(first, 3)
  await first.flush()
  const running = await thread.usage({ by: 'space' })
  assert.equal(running.ok?.bytes, 30n)
  assert.equal((await thread.catchUp()).ok?.size, 3)
  assert.equal((await thread.rebuild()).ok?.size, 3)
  await thread.confirmClock()
  // What can't be sent is nobody's to wait for.
  for (let i = 0; i < ACCOUNTING_CALLS_MAX; i++)
    await assert.rejects(thread.usage({ by: (() => {}) as never }), { name: 'DataCloneError' })
  const locked = await thread.usage({ by: 'day', sinceMs: 0 })
  assert.equal(locked.ok?.rows?.length, 1)
  await Promise.all([first.close(), second.close()])
  await thread.close()
  await thread.close()
  const stopped = await openAccounting({ dataDir, origin, slotsInUse: [] })
  assert.deepEqual(await stopped.ok!.usage({ by: 'space' }), running)
  await stopped.ok!.close()
  assert.deepEqual(standing, [])
  assert.equal((await thread.usage({})).error?.reason, 'ThreadEnded')
})

test('a slot that nobody writes is recovered: its open reads are counted', async (t) => {
  const dataDir = await tempFolder(t)
  const journal = await journalOf(dataDir, '3')
  const open = journal.admit()!
  const entry = readOf(1, { bytes: 0n })
  open.start(entry)
  open.mark(9_000_000, entry.started + 1)
  await journal.close()
  const accounting = await openAccounting({ dataDir, origin, slotsInUse: [] })
  const usage = await accounting.ok!.usage({})
  assert.deepEqual([usage.ok?.reads, usage.ok?.bytes], [1, 9_000_000n])
  await accounting.ok!.close()
  const again = await openAccounting({ dataDir, origin, slotsInUse: [] })
  assert.equal(await reads(again.ok!), 1)
  await again.ok!.close()
})

test('a folder without journals has no usage', async (t) => {
  const accounting = await openAccounting({
    dataDir: await tempFolder(t),
    origin,
    slotsInUse: 'all',
  })
  assert.equal(await reads(accounting.ok!), 0)
  await accounting.ok!.close()
})

test('what keeps a thread from opening is said by name', async (t) => {
  const dataDir = await tempFolder(t)
  await mkdir(accountingPaths(dataDir).ledger)
  const options = { dataDir, origin, slotsInUse: [], onStanding: () => {} }
  const { error } = await startAccounting(options)
  assert.equal(error?.name, 'AccountingStopped')
  assert.match(error.message, /unable to open database/)
})

test('a corrupt log is reported, reads stay in the journal, and usage says why', async (t) => {
  const dataDir = await tempFolder(t)
  const journal = await journalOf(dataDir, '0')
  for (let n = 0; n < 300; n++) read(journal, n)
  await journal.flush()
  const first = await openAccounting({ dataDir, origin, slotsInUse: ['0'] })
  assert.equal(await reads(first.ok!), 300)
  await first.ok!.close()
  const { log } = accountingPaths(dataDir)
  await writeFile(join(log, 'tile', '0', '000'), new Uint8Array(8192))
  const standing: (AccountingStopped | undefined)[] = []
  const { promise: reported, resolve } = Promise.withResolvers<void>()
  const started = await startAccounting({
    dataDir,
    origin,
    slotsInUse: ['0'],
    onStanding: (fault) => {
      standing.push(fault)
      resolve()
    },
  })
  await reported
  assert.equal(standing[0]?.reason, 'LogCorrupt')
  assert.match(standing[0].message, /tile\/0\/000/)
  assert.equal((await started.ok!.usage({})).error?.reason, 'LogCorrupt')
  await started.ok!.close()
  await journal.close()
  assert.ok((await readdir(join(accountingPaths(dataDir).journals, '0'))).length > 0)
})

test('calls beyond the bound are refused', async (t) => {
  const dataDir = await tempFolder(t)
  const options = { dataDir, origin, slotsInUse: [], onStanding: () => {} }
  const thread = (await startAccounting(options)).ok!
  const calls = Array.from({ length: ACCOUNTING_CALLS_MAX + 1 }, () => thread.usage({}))
  const results = await Promise.all(calls)
  assert.equal(results.at(-1)?.error?.reason, 'Busy')
  assert.equal(results.filter(({ error }) => error !== undefined).length, 1)
  await thread.close()
})

test('errors of any kind become one, and a full disk is told from others', () => {
  const stopped = stoppedBy(new RangeError('far'))
  assert.deepEqual([stopped.reason, stopped.message], ['RangeError', 'far'])
  assert.equal(stoppedBy(stopped), stopped)
  assert.equal(stoppedBy('words').message, 'words')
  assert.equal(isDiskFull(Object.assign(new Error('no space'), { code: 'ENOSPC' })), true)
  assert.equal(isDiskFull(Object.assign(new Error('full'), { errcode: 13 })), true)
  assert.equal(isDiskFull(new Error('other')), false)
  assert.equal(isDiskFull('ENOSPC'), false)
})

test('reserves of all slots are given back for a full disk', async (t) => {
  const dataDir = await tempFolder(t)
  const folder = join(accountingPaths(dataDir).journals, '0')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'reserve'), new Uint8Array(100))
  await new Journals(accountingPaths(dataDir).journals).freeReserves()
  assert.deepEqual(await readdir(folder), [])
  await new Journals(join(dataDir, 'absent')).freeReserves()
})
