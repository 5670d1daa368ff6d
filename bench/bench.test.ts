/**
 * Each case with tiny input: the bytes that come back are right, and so are the counts. Times are
 * nobody's business here.
 * @module
 */
import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { CASES } from './cases/all.ts'
import { startChild } from './child.ts'
import { foreignInstalled } from './contenders.ts'
import { BenchData } from './data.ts'
import { describe } from './report.ts'
import { TINY } from './sizes.ts'

const data = new BenchData(mkdtempSync(join(tmpdir(), 'turnpike-bench-')), TINY)
/** They take longer to load than all the rest to run. */
const foreign = process.env['TURNPIKE_BENCH_FOREIGN'] !== undefined && foreignInstalled()
const client = await startChild('load/client.ts', [])
after(async () => {
  await client.stop()
  await data.remove()
})

/** Checks of counts, which hold at any size and on any machine. */
const COUNTS = new Set([
  'bytes of journal a read',
  'entries named',
  'blocks fetched, of the folder’s own',
  'whole file: origin requests',
  '64 KiB range, nodes warm: origin requests',
  '1,000 at once: fetches of the file',
])

for (const one of CASES)
  test(`bench ${one.name} gets the right bytes`, async (t) => {
    if (!foreign) t.diagnostic('foreign stacks are left out')
    const report = await one.run({ sizes: TINY, data, client, foreign, note: () => {} })
    assert.ok(Object.keys(report.figures).length > 0)
    for (const { target, met, measured } of report.checks)
      if (COUNTS.has(target)) assert.ok(met, `${target}: got ${measured}`)
    assert.match(describe(one, report), new RegExp(`^${one.name}: `))
  })
