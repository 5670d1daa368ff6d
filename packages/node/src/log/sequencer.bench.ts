/**
 * What sequencing costs: entries a second from journal to committed log, and into the ledger.
 * Run: `node packages/node/src/log/sequencer.bench.ts [entries]`. Real files in the temp folder.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkLog } from '@turnpike/accounting/check-log'
import { LogReader } from '@turnpike/accounting/reader'
import { LedgerFeed } from '@turnpike/accounting/roll-up'
import { Sequencer } from '@turnpike/accounting/sequencer'
import type { LogState } from '@turnpike/accounting/state'
import { encodeRead } from '@turnpike/core/log/encode'
import { BUNDLE_HEAD_BYTES } from '@turnpike/core/merkle/bundle'
import type { JournalSource } from '@turnpike/core/ports/log'
import { BENCH_READ } from '../journal/journal.bench.ts'
import { testSigner } from '@turnpike/accounting/testing/entries'
import { nodeHasher } from '../hasher.ts'
import { SqliteLedger } from '../ledger/ledger.ts'
import { FileLogStore } from './log-store.ts'

/** Figures of one run. Seconds are of the wall, CPU of the whole process with its I/O threads. */
export interface SequencerFigures {
  readonly entries: number
  /** Sequenced, hashed, written, synced and committed. */
  readonly entriesPerSecond: number
  readonly entriesPerCpuSecond: number
  /** The whole log read again, hashed, and checked. */
  readonly checkedPerSecond: number
  /** A process that starts inside the epoch of all these entries, until it has sealed it. */
  readonly recoveryS: number
  /** Read from the log, checked, decoded, and added to the ledger. */
  readonly ledgerPerSecond: number
  /** Bytes of log for an entry: bundle and tiles. */
  readonly logBytesPerEntry: number
}

/** Distinct CIDs and spaces among the entries. */
const CIDS = 1000
const SPACES = 20

/**
 * Sequences `entries` reads and measures.
 *
 * @example
 * const figures = await benchSequencer(1_000_000)
 */
export async function benchSequencer(entries: number): Promise<SequencerFigures> {
  const root = await mkdtemp(join(tmpdir(), 'turnpike-sequencer-'))
  const store = await FileLogStore.open(join(root, 'log'))
  const ledger = new SqliteLedger(join(root, 'ledger.sqlite'))
  try {
    const { journal, bytes } = sampleJournal(entries)
    const sequencing = await measure(() => sequence(store, journal))
    const state = sequencing.result
    const recovering = await measure(() => sequence(store, journal, 2 * HOUR_MS))
    if (recovering.result.sealed?.end !== entries + 1) throw new Error('epoch expected its SEAL')
    const checking = await measure(() => checkLog(store, nodeHasher))
    if (checking.result.error !== undefined) throw checking.result.error
    const reader = new LogReader(store, nodeHasher, state)
    const adding = await measure(() => new LedgerFeed(ledger).catchUp(reader))
    return {
      entries,
      entriesPerSecond: Math.round(entries / sequencing.wallS),
      entriesPerCpuSecond: Math.round(entries / sequencing.cpuS),
      recoveryS: Math.round(recovering.wallS * 1000) / 1000,
      checkedPerSecond: Math.round(entries / checking.wallS),
      ledgerPerSecond: Math.round(entries / adding.wallS),
      logBytesPerEntry: bytes + BUNDLE_HEAD_BYTES + HASH_BYTES_PER_ENTRY,
    }
  } finally {
    store.close()
    ledger.close()
    await rm(root, { recursive: true, force: true })
  }
}

/** A hash in level 0, and 1/256 of one above. */
const HASH_BYTES_PER_ENTRY = 32 + 32 / 255

const HOUR_MS = 3_600_000
/** Time stands still, so that all entries are of one hour however long a run takes. */
const NOW_MS = Date.now()

async function sequence(
  store: FileLogStore,
  journal: JournalSource,
  laterMs: number = 0,
): Promise<LogState> {
  const sequencer = new Sequencer({
    store,
    journals: () => [journal],
    clock: { nowMs: () => NOW_MS + laterMs, monotonicMs: () => performance.now() },
    random: { bytes: (length) => randomBytes(length) },
    hasher: nodeHasher,
    signer: testSigner('bench'),
  })
  for (;;) {
    const { ok: round, error } = await sequencer.round()
    if (error !== undefined) throw error
    if (!round.more) return round.state
  }
}

/** A journal that gives `entries` reads, made from a few thousand that differ. */
function sampleJournal(entries: number): {
  readonly journal: JournalSource
  readonly bytes: number
} {
  const samples = Array.from({ length: CIDS }, (_, i) => {
    const cid = BENCH_READ.cid!.slice()
    cid[35] = i
    cid[34] = i >> 8
    const space = `${BENCH_READ.space.slice(0, -2)}${i % SPACES}`
    return encodeRead({ ...BENCH_READ, id: randomBytes(16), cid, space })
  })
  const bytes = samples[0]!.length
  const journal: JournalSource = {
    name: 'bench',
    async read(fromEntry, bytesMax) {
      const count = Math.min(entries - fromEntry, Math.ceil(bytesMax / bytes))
      const groups = Array.from({ length: count }, (_, i) => [samples[(fromEntry + i) % CIDS]!])
      return { groups, nextEntry: fromEntry + count }
    },
    release: async () => {},
  }
  return { journal, bytes }
}

async function measure<T>(
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly wallS: number; readonly cpuS: number }> {
  const cpu = process.cpuUsage()
  const start = performance.now()
  const result = await work()
  const wallS = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return { result, wallS, cpuS: (user + system) / 1e6 }
}

if (import.meta.main) {
  const entries = Number(process.argv[2] ?? 1_000_000)
  process.stdout.write(`${JSON.stringify(await benchSequencer(entries), null, 2)}\n`)
}
