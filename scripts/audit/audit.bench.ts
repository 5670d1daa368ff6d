/**
 * What audits cost: entries a second, and memory.
 * Run: `node scripts/audit/audit.bench.ts [entries an hour] [hours]`. Real files.
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { auditLedger } from '@turnpike/audit/audit-ledger'
import { auditFolder } from '@turnpike/audit/receipts-folder/audit-folder'
import { checkFolder } from '@turnpike/audit/receipts-folder/fsck'
import { Random } from '../campaigns/rig/random.ts'
import { FilledFolder } from './folder.ts'

const [readsPerHour = 100_000, hours = 10] = process.argv.slice(2).map(Number)
const MIB = 1 << 20

const data = mkdtempSync(join(tmpdir(), 'turnpike-audit-bench-'))
try {
  const folder = await FilledFolder.make(data, new Random(1))
  for (let hour = 0; hour < hours; hour++) await folder.hour(readsPerHour)
  folder.close()
  for (const audit of [auditFolder, auditLedger]) await measure(audit)
  const startedMs = performance.now()
  const { holds } = checkFolder(data)
  console.log(JSON.stringify({ what: 'checkFolder', holds, ms: performance.now() - startedMs }))
} finally {
  rmSync(data, { recursive: true })
}

async function measure(audit: typeof auditFolder | typeof auditLedger): Promise<void> {
  const rssMiB: number[] = []
  const startedMs = performance.now()
  const startedCpu = process.cpuUsage()
  const { entries, holds } = await audit(data, {
    onProgress: () => rssMiB.push(process.memoryUsage.rss() / MIB),
  })
  const seconds = (performance.now() - startedMs) / 1000
  const { user, system } = process.cpuUsage(startedCpu)
  const figures = {
    what: audit.name,
    entries,
    holds,
    seconds: Math.round(seconds * 10) / 10,
    entriesPerSecond: Math.round(entries / seconds),
    // Other work on the same cores doesn't count; threads of the collector do.
    entriesPerCpuSecond: Math.round((entries * 1e6) / (user + system)),
    rssAfterATenthMiB: Math.round(rssMiB[Math.floor(rssMiB.length / 10)]!),
    rssAtTheEndMiB: Math.round(rssMiB.at(-1)!),
  }
  console.log(JSON.stringify(figures))
}
