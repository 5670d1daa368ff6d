/**
 * What receipts cost: entries a second into their index, the time to find one, and to prove it.
 * Run: `node packages/node/src/receipt-index/receipt-index.bench.ts [entries] [folder]`. A log of
 * real files, in the temp folder when none is named: 300 bytes an entry.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FollowedReceipts } from '@turnpike/accounting/receipts/followed-receipts'
import { proveEntry } from '@turnpike/accounting/receipts/prove-entry'
import { Sequencer } from '@turnpike/accounting/sequencer'
import { testSigner } from '@turnpike/accounting/testing/entries'
import { encodeRead } from '@turnpike/core/log/encode'
import { receiptNonceOf } from '@turnpike/core/log/receipt-id'
import type { JournalSource } from '@turnpike/core/ports/log'
import { BENCH_READ } from '../journal/journal.bench.ts'
import { nodeHasher } from '../hasher.ts'
import { FileLogStore } from '../log/log-store.ts'
import { FileReceiptIndex } from './file-index.ts'

/** Figures of one run. */
export interface ReceiptFigures {
  readonly entries: number
  /** Read from the log, checked, decoded and added, merges of runs included. */
  readonly indexedPerSecond: number
  readonly indexedPerCpuSecond: number
  /** Files that a search looks into. */
  readonly runs: number
  /** Opened again, until what was in memory is read anew. */
  readonly openMs: number
  /** A receipt's place in the log, over random receipts. */
  readonly findUs: Spread
  /** The whole proof: place, entry, checkpoint and hashes. */
  readonly proofMs: Spread
}

/** Median, 99 of 100, and the worst. */
export interface Spread {
  readonly median: number
  readonly p99: number
  readonly worst: number
}

const LOOKUPS = 2000
/** Time stands still, so that all entries are of one hour however long a run takes. */
const NOW_MS = Date.now()
/** Where the id of an encoded READ begins: behind the heads of array, version, type and bytes. */
const ID_OFFSET = 4

/**
 * Makes a log of so many reads in `folder`, indexes it, looks receipts up, and removes it.
 *
 * @example
 * const figures = await benchReceipts(1_000_000, tmpdir())
 */
export async function benchReceipts(entries: number, folder: string): Promise<ReceiptFigures> {
  const root = await mkdtemp(join(folder, 'turnpike-receipts-'))
  const log = await FileLogStore.open(join(root, 'log'))
  const path = join(root, 'receipt-index')
  try {
    await sequence(log, entries)
    const first = await FileReceiptIndex.open(path)
    const hasher = nodeHasher
    const cpu = process.cpuUsage()
    const start = performance.now()
    await new FollowedReceipts({ log, hasher, index: first }).catchUp()
    const wallS = (performance.now() - start) / 1000
    const { user, system } = process.cpuUsage(cpu)
    first.close()
    const opening = performance.now()
    const index = await FileReceiptIndex.open(path)
    const receipts = new FollowedReceipts({ log, hasher, index })
    await receipts.catchUp()
    const openMs = performance.now() - opening
    const wanted = Array.from({ length: LOOKUPS }, () => Math.floor(Math.random() * entries))
    const findUs = await spread(wanted, 1000, async (n) => index.find(receiptOf(n)) === n)
    const proofMs = await spread(wanted, 1, async (n) => {
      const proven = await proveEntry({ receipt: receiptOf(n) }, { log, hasher, receipts })
      return proven.ok?.index === n
    })
    const { runs } = index
    index.close()
    return {
      entries,
      indexedPerSecond: Math.round(entries / wallS),
      indexedPerCpuSecond: Math.round(entries / ((user + system) / 1e6)),
      runs,
      openMs: Math.round(openMs),
      findUs,
      proofMs,
    }
  } finally {
    log.close()
    await rm(root, { recursive: true, force: true })
  }
}

/** Times of a look-up for each of `wanted`, as so many parts of a millisecond. */
async function spread(
  wanted: readonly number[],
  parts: number,
  isRight: (n: number) => Promise<boolean>,
): Promise<Spread> {
  const times: number[] = []
  for (const n of wanted) {
    const start = performance.now()
    const right = await isRight(n)
    times.push((performance.now() - start) * parts)
    if (!right) throw new Error(`receipt of entry ${n} expected to lead there, did not`)
  }
  times.sort((a, b) => a - b)
  const at = (share: number): number =>
    Math.round(times[Math.min(times.length - 1, Math.floor(times.length * share))]! * 100) / 100
  return { median: at(0.5), p99: at(0.99), worst: at(1) }
}

function idOf(n: number): Uint8Array {
  const id = new Uint8Array(16)
  new DataView(id.buffer).setFloat64(0, n)
  return id
}

function receiptOf(n: number): Uint8Array {
  return receiptNonceOf(idOf(n), nodeHasher)
}

/** Takes so many reads into a log. */
async function sequence(store: FileLogStore, entries: number): Promise<void> {
  const sample = encodeRead(BENCH_READ)
  const journal: JournalSource = {
    name: 'bench',
    async read(fromEntry, bytesMax) {
      const count = Math.min(entries - fromEntry, Math.ceil(bytesMax / sample.length))
      const groups = Array.from({ length: count }, (_, i) => {
        const entry = sample.slice()
        entry.set(idOf(fromEntry + i), ID_OFFSET)
        return [entry]
      })
      return { groups, nextEntry: fromEntry + count }
    },
    release: async () => {},
  }
  const sequencer = new Sequencer({
    store,
    journals: () => [journal],
    clock: { nowMs: () => NOW_MS, monotonicMs: () => performance.now() },
    random: { bytes: (length) => randomBytes(length) },
    hasher: nodeHasher,
    signer: testSigner('bench'),
  })
  for (let more = true; more;) {
    const { ok: round, error } = await sequencer.round()
    if (error !== undefined) throw error
    more = round.more
  }
}

if (import.meta.main) {
  const [entries = '1000000', folder = tmpdir()] = process.argv.slice(2)
  const figures = await benchReceipts(Number(entries), folder)
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`)
}
