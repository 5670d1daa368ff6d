import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  RECEIPT_TAIL_ENTRIES_MAX,
  RECEIPT_TAIL_RECORDS_MAX,
} from '@turnpike/core/limits/receipt-index'
import { ReceiptIndexDamaged } from '@turnpike/core/ports/receipt-index'
import { FileReceiptIndex } from './file-index.ts'
import { fill, hashOf, idOf } from './testing/fill.ts'
import { parseRunName, runName } from './run-name.ts'

/** Kills of a process that fills an index, and the longest that it lives. */
const KILLS = Number(process.env['TURNPIKE_KILL_RUNS'] ?? 3)
const KILL_MS = 600

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'turnpike-receipt-index-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const runsIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => parseRunName(name) !== undefined)

test('receipts are found in memory, in runs, and after a restart in runs alone', async (t) => {
  const folder = await folderOf(t)
  const index = await FileReceiptIndex.open(folder)
  await fill(index, 3 * RECEIPT_TAIL_RECORDS_MAX + 1)
  assert.deepEqual([index.runs, index.through], [3, 3 * RECEIPT_TAIL_RECORDS_MAX + 1])
  for (let n = 0; n < index.through; n += 997) assert.equal(index.find(idOf(n)), n)
  assert.equal(index.find(idOf(index.through - 1)), index.through - 1)
  assert.equal(index.find(idOf(-1)), undefined)
  index.close()
  const again = await FileReceiptIndex.open(folder)
  // The last entry was in memory only: the log has it.
  assert.equal(again.through, 3 * RECEIPT_TAIL_RECORDS_MAX)
  assert.deepEqual(again.tip, hashOf(again.through - 1).subarray(0, 8))
  assert.equal(again.find(idOf(again.through)), undefined)
  await fill(again, again.through + 1)
  assert.equal(again.find(idOf(again.through - 1)), again.through - 1)
  again.close()
})

test('an index whose folder was removed meanwhile says so, and can be made again', async (t) => {
  const folder = await folderOf(t)
  const index = await FileReceiptIndex.open(folder)
  await fill(index, 10)
  await rm(folder, { recursive: true })
  await assert.rejects(fill(index, 2 * RECEIPT_TAIL_ENTRIES_MAX, 40), ReceiptIndexDamaged)
  await index.clear()
  assert.equal(index.through, 0)
  await fill(index, 2 * RECEIPT_TAIL_ENTRIES_MAX, 40)
  assert.equal((await runsIn(folder)).length, 1)
  assert.equal(index.find(idOf(40)), 40)
  index.close()
})

test('eight runs become one, and the next begins anew', async (t) => {
  const folder = await folderOf(t)
  const index = await FileReceiptIndex.open(folder)
  // Runs of few records: their entries are counted, too.
  await fill(index, 8 * RECEIPT_TAIL_ENTRIES_MAX, 40)
  assert.equal(index.runs, 7)
  await fill(index, index.through + 1, 40)
  assert.equal(index.runs, 1)
  const [name] = await runsIn(folder)
  const { first, end, records } = parseRunName(name!)!
  assert.deepEqual([first, end], [0, 8 * RECEIPT_TAIL_ENTRIES_MAX])
  assert.equal(records, Math.ceil(end / 40))
  for (let n = 0; n < end; n += 4000) assert.equal(index.find(idOf(n)), n)
  await fill(index, 9 * RECEIPT_TAIL_ENTRIES_MAX + 2, 40)
  assert.deepEqual((await runsIn(folder)).length, 2)
  index.close()
})

test('a crash while runs are merged leaves one of each, or the merged one', async (t) => {
  const folder = await folderOf(t)
  const saved = await folderOf(t)
  const index = await FileReceiptIndex.open(folder)
  await fill(index, 8 * RECEIPT_TAIL_ENTRIES_MAX, 1000)
  for (const name of await runsIn(folder)) await copyFile(join(folder, name), join(saved, name))
  await fill(index, index.through + 1, 1000)
  index.close()
  // Killed after the merged run got its name, before the others went; with a temp beside them.
  for (const name of await runsIn(saved)) await copyFile(join(saved, name), join(folder, name))
  await writeFile(join(folder, 'x.tmp'), 'torn')
  const again = await FileReceiptIndex.open(folder)
  assert.deepEqual([again.runs, (await readdir(folder)).length], [1, 1])
  assert.equal(again.find(idOf(7000)), 7000)
  again.close()
  // Killed before: seven runs, and a temp.
  const before = await FileReceiptIndex.open(saved)
  assert.deepEqual([before.runs, before.through], [7, 7 * RECEIPT_TAIL_ENTRIES_MAX])
  before.close()
})

test('a kill at any moment leaves an index that is right, and goes on', async (t) => {
  const folder = await folderOf(t)
  const child = join(import.meta.dirname, 'testing/fill.ts')
  let before = 0
  for (let kills = 0; kills < KILLS; kills++) {
    const filling = spawn(process.execPath, [child, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(filling.stdout, 'data')
    await sleep(Math.random() * KILL_MS)
    filling.kill('SIGKILL')
    await once(filling, 'exit')
    const index = await FileReceiptIndex.open(folder)
    assert.ok(index.through >= before, `${index.through} after ${before}`)
    before = index.through
    for (let n = 0; n < before; n += 40 * 101) assert.equal(index.find(idOf(n)), n)
    if (before > 0) assert.deepEqual(index.tip, hashOf(before - 1).subarray(0, 8))
    assert.equal((await readdir(folder)).length, index.runs)
    index.close()
  }
  assert.ok(before > 0)
})

test('a stop while runs are merged leaves them, and the next merges them', async (t) => {
  const folder = await folderOf(t)
  const index = await FileReceiptIndex.open(folder)
  await fill(index, 8 * RECEIPT_TAIL_ENTRIES_MAX, 40)
  const { through } = index
  const one = { reads: [], end: through + 1, tip: hashOf(through) }
  await assert.rejects(index.add(one, AbortSignal.abort()), { name: 'AbortError' })
  assert.deepEqual([index.runs, index.through], [8, through])
  assert.equal((await readdir(folder)).length, 8)
  assert.equal(index.find(idOf(4000)), 4000)
  await fill(index, through + RECEIPT_TAIL_ENTRIES_MAX + 2, 40)
  assert.equal(index.runs, 1)
  assert.equal(index.find(idOf(4000)), 4000)
  index.close()
})

test('a changed byte of a page is an error by name when it is read', async (t) => {
  const folder = await folderOf(t)
  const index = await FileReceiptIndex.open(folder)
  await fill(index, RECEIPT_TAIL_RECORDS_MAX + 1)
  const [name] = await runsIn(folder)
  const path = join(folder, name!)
  const bytes = readFileSync(path)
  for (let page = 0; page < bytes.length; page += 4096) bytes[page + 9]! ^= 1
  writeFileSync(path, bytes)
  assert.throws(() => index.find(idOf(1)), ReceiptIndexDamaged)
  assert.equal(index.find(idOf(index.through - 1)), index.through - 1)
  await index.clear()
  assert.deepEqual([index.through, index.tip, await runsIn(folder)], [0, undefined, []])
  assert.equal(index.find(idOf(1)), undefined)
  index.close()
})

test('runs that leave a gap, or have another length, are removed', async (t) => {
  const folder = await folderOf(t)
  const index = await FileReceiptIndex.open(folder)
  await fill(index, 3 * RECEIPT_TAIL_RECORDS_MAX + 1)
  index.close()
  const names = (await runsIn(folder)).toSorted((a, b) => a.length - b.length)
  const middle = names.find((name) => parseRunName(name)!.first === RECEIPT_TAIL_RECORDS_MAX)!
  const bytes = readFileSync(join(folder, middle))
  writeFileSync(join(folder, middle), bytes.subarray(1))
  const cut = await FileReceiptIndex.open(folder)
  assert.deepEqual([cut.through, await runsIn(folder)], [0, []])
  await fill(cut, 2 * RECEIPT_TAIL_RECORDS_MAX + 1)
  cut.close()
  const first = (await runsIn(folder)).find((name) => parseRunName(name)!.first === 0)!
  const range = parseRunName(first)!
  await rm(join(folder, first))
  await writeFile(join(folder, runName({ ...range, end: range.end - 1 })), '')
  const gap = await FileReceiptIndex.open(folder)
  assert.equal(gap.through, 0)
  gap.close()
})

test('only names that a run would get are names of runs', () => {
  const range = { first: 0, end: 70_000, records: 65_536, tip: '00112233aabbccdd' }
  const name = '0-70000-65536-00112233aabbccdd.run'
  assert.equal(runName(range), name)
  assert.deepEqual(parseRunName(name), range)
  for (const wrong of [
    '00-70000-65536-00112233aabbccdd.run',
    '5-5-0-00112233aabbccdd.run',
    '0-70000-65536-00112233AABBCCDD.run',
    '0-70000-65536-00112233aabbccdd.run.tmp',
    '0-70000-00112233aabbccdd.run',
  ])
    assert.equal(parseRunName(wrong), undefined, wrong)
})
