/**
 * What audits cost: entries a second, and memory. Each runs in a process of its own, so that what
 * filled the folder leaves nothing for it to collect.
 * Run: `node scripts/audit/audit.bench.ts [reads an hour] [hours]`. Real files.
 * @module
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { auditLedger } from '@turnpike/audit/audit-ledger'
import { auditFolder } from '@turnpike/audit/receipts-folder/audit-folder'
import { checkFolder } from '@turnpike/audit/receipts-folder/fsck'
import { Random } from '../campaigns/rig/random.ts'
import { FilledFolder } from './folder.ts'

const MIB = 1 << 20
const AUDITS = { auditFolder, auditLedger }

const [first, second] = process.argv.slice(2)
if (first === 'fsck') check(second!)
else if (first === 'auditFolder' || first === 'auditLedger') await measure(first, second!)
else await fillAndMeasure(Number(first ?? 100_000), Number(second ?? 10))

async function fillAndMeasure(readsPerHour: number, hours: number): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'turnpike-audit-bench-'))
  try {
    const folder = await FilledFolder.make(data, new Random(1))
    for (let hour = 0; hour < hours; hour++) await folder.hour(readsPerHour)
    folder.close()
    for (const what of [...Object.keys(AUDITS), 'fsck'])
      spawnSync(process.execPath, [import.meta.filename, what, data], { stdio: 'inherit' })
  } finally {
    rmSync(data, { recursive: true })
  }
}

async function measure(what: keyof typeof AUDITS, data: string): Promise<void> {
  const startedMs = performance.now()
  const startedCpu = process.cpuUsage()
  const { entries, holds } = await AUDITS[what](data)
  const seconds = (performance.now() - startedMs) / 1000
  const { user, system } = process.cpuUsage(startedCpu)
  const figures = {
    what,
    entries,
    holds,
    seconds: Math.round(seconds * 10) / 10,
    entriesPerSecond: Math.round(entries / seconds),
    // Other work on the same cores doesn't count; threads of the garbage collector do.
    entriesPerCpuSecond: Math.round((entries * 1e6) / (user + system)),
    rssPeakMiB: Math.round((process.resourceUsage().maxRSS * 1024) / MIB),
  }
  console.log(JSON.stringify(figures))
}

function check(data: string): void {
  const startedMs = performance.now()
  const { holds, entries } = checkFolder(data)
  const seconds = Math.round(performance.now() - startedMs) / 1000
  console.log(JSON.stringify({ what: 'fsck', entries, holds, seconds }))
}
