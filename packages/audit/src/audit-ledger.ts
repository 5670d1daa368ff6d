/**
 * The audit of a log and its ledger: recomputes both from the entries, and says what differs.
 * @module
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Findings, hex } from './findings.ts'
import type { Difference } from './findings.ts'
import { EpochSums } from './epoch-sums.ts'
import { decodeKept } from './kept.ts'
import { LedgerFile } from './ledger-file.ts'
import { LogFolder } from './log-folder.ts'
import { LogWalk } from './log-walk.ts'
import { walkAll } from './walk-all.ts'
import type { AuditOptions } from './walk-all.ts'

/** What an audit found. */
export interface LedgerAudit {
  /** Whether nothing differs. */
  readonly holds: boolean
  /** Entries in the log, and its root in hex. */
  readonly entries: number
  readonly root: string
  /** Epochs that are sealed. */
  readonly epochs: number
  /** Entries that the ledger has summed: those after are in the log only, for now. */
  readonly summed: number
  /** Epoch from which sums by CID are kept; those before were not compared. */
  readonly cidsFromEpoch: number
  /** The first differences, in the order of the log. */
  readonly differences: readonly Difference[]
  readonly differencesCount: number
}

/**
 * Audits the log and the ledger of a data folder. It is read, never written; a server may run on it
 * meanwhile, whose later commits are not looked at.
 *
 * @throws {StateUnreadable} when the log's state can't be read
 * @throws {LedgerUnreadable} when the ledger's layout isn't known
 * @throws {EntriesWent} when retention took entries away meanwhile
 * @example
 * const { holds, differences } = await auditLedger('/data')
 */
export async function auditLedger(data: string, options: AuditOptions = {}): Promise<LedgerAudit> {
  const findings = new Findings()
  const folder = new LogFolder(join(data, 'log'))
  const path = join(data, 'ledger.sqlite')
  // In this order: the log may grow in between, and each of them says nothing that the next lacks.
  const published = folder.file('checkpoint')
  const ledger = existsSync(path) ? new LedgerFile(path, findings) : undefined
  try {
    const state = folder.state()
    const sums = new EpochSums(ledger)
    // After the state, which may name entries that go meanwhile.
    const kept = decodeKept(folder.file('kept'))
    const walk = new LogWalk({ folder, state, kept, sums, published, findings })
    const whole = await walkAll(walk, state.size, options)
    if (whole) checkLedger(ledger, state.size, findings)
    return {
      holds: findings.count === 0,
      entries: state.size,
      root: hex(state.root),
      epochs: walk.epochs,
      summed: ledger?.watermark ?? 0,
      cidsFromEpoch: ledger?.cidsFromEpoch ?? 0,
      differences: findings.named,
      differencesCount: findings.count,
    }
  } finally {
    ledger?.close()
  }
}

function checkLedger(ledger: LedgerFile | undefined, size: number, findings: Findings): void {
  const expected = `a ledger of at most ${size} entries`
  if (ledger === undefined) {
    if (size > 0) findings.add('ledger.sqlite', expected, 'no file')
    return
  }
  ledger.end()
  if (ledger.watermark > size)
    findings.add('ledger.sqlite, watermark', expected, String(ledger.watermark))
}
