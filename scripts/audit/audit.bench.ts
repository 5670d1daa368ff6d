/**
 * What an audit costs: entries a second, and memory.
 * Run: `node scripts/audit/audit.bench.ts [entries an hour] [hours]`. Real files.
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { auditLedger } from '@turnpike/audit/audit-ledger'
import { Random } from '../campaigns/rig/random.ts'
import { FilledFolder } from './folder.ts'

const [readsPerHour = 100_000, hours = 10] = process.argv.slice(2).map(Number)
const MIB = 1 << 20

const data = mkdtempSync(join(tmpdir(), 'turnpike-audit-bench-'))
try {
  const folder = await FilledFolder.make(data, new Random(1))
  for (let hour = 0; hour < hours; hour++) await folder.hour(readsPerHour)
  folder.close()
  const heapsMiB: number[] = []
  const startedMs = performance.now()
  const { entries, holds } = await auditLedger(data, {
    onProgress: () => heapsMiB.push(process.memoryUsage.rss() / MIB),
  })
  const seconds = (performance.now() - startedMs) / 1000
  const figures = {
    entries,
    holds,
    seconds: Math.round(seconds * 10) / 10,
    entriesPerSecond: Math.round(entries / seconds),
    rssAfterATenthMiB: Math.round(heapsMiB[Math.floor(heapsMiB.length / 10)]!),
    rssAtTheEndMiB: Math.round(heapsMiB.at(-1)!),
  }
  console.log(JSON.stringify(figures))
} finally {
  rmSync(data, { recursive: true })
}
