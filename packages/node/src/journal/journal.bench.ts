/**
 * What a journal costs: durable entries a second, time of the serving thread a read, bytes a read.
 * Run: `node packages/node/src/journal/journal.bench.ts [entries]`. Real files in the temp folder.
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeRead } from '@turnpike/core/log/encode'
import type { ReadEntry } from '@turnpike/core/log/entry'
import { openJournal } from './journal.ts'
import type { NodeJournal } from './journal.ts'
import { journalSource } from './source.ts'

/** Figures of one run. */
export interface JournalFigures {
  readonly entries: number
  /** Durable READs a second, as fast as they are taken. */
  readonly entriesPerSecond: number
  /** CPU time of the whole process in that run, all threads, for a read. */
  readonly cpuUsPerRead: number
  /** Time of the serving thread for admit, encode and append, for a read. */
  readonly servingUsPerRead: number
  /** Bytes of journal, frames included, for a READ with did:key space and provider. */
  readonly bytesPerRead: number
  /** The same when each READ has a frame for itself. */
  readonly bytesPerLoneRead: number
}

const LONE_READS = 10
/** Reads between two releases of files that are in the log. */
const RELEASE_READS = 100_000
/** Reads that are appended before the thread is given back, like requests of one turn. */
const TURN_READS = 64

/** A READ as a gateway writes it. */
export const BENCH_READ: ReadEntry = {
  id: new Uint8Array(16).fill(7),
  ts: 1_763_683_200_123,
  started: 1_763_683_200_001,
  domain: 'gateway.example.com',
  space: 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp',
  provider: 'did:key:z6MkwYMhwTvsq376YBAcJHy3vyRWzBgn5vKfVqqDCgm7XVKU',
  region: 'eu-west',
  cid: new Uint8Array(36).fill(3),
  status: 200,
  bytes: 4096n,
  flags: 129,
  deny: 0,
  count: 1,
  grade: 1,
}

/**
 * Writes `entries` reads and measures.
 *
 * @example
 * const figures = await benchJournal(1_000_000)
 */
export async function benchJournal(entries: number): Promise<JournalFigures> {
  const root = await mkdtemp(join(tmpdir(), 'turnpike-journal-'))
  try {
    const lone = await journalIn(join(root, 'lone'))
    for (let i = 0; i < LONE_READS; i++) {
      record(lone)
      await lone.flush()
    }
    const bytesPerLoneRead = lone.stats.writtenBytes / LONE_READS
    await lone.close()

    const folder = join(root, 'busy')
    const busy = await journalIn(folder)
    const cpu = process.cpuUsage()
    const start = performance.now()
    const servingMs = await fill(busy, folder, entries)
    await busy.flush()
    const wallMs = performance.now() - start
    const { user, system } = process.cpuUsage(cpu)
    const figures = {
      entries,
      entriesPerSecond: Math.round((entries / wallMs) * 1000),
      cpuUsPerRead: (user + system) / entries,
      servingUsPerRead: (servingMs * 1000) / entries,
      bytesPerRead: busy.stats.writtenBytes / entries,
      bytesPerLoneRead,
    }
    await busy.close()
    return figures
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

async function journalIn(folder: string): Promise<NodeJournal> {
  const { ok, error } = await openJournal({
    folder,
    onFailure: (failed) => {
      throw failed
    },
  })
  if (ok === undefined) throw error
  return ok
}

/** Records one read, unless there is no room for it. */
function record(journal: NodeJournal): boolean {
  const read = journal.admit()
  if (read === undefined) return false
  read.end([encodeRead(BENCH_READ)])
  return true
}

/** Records `entries` reads as fast as they are admitted; ms that the serving thread spent on it. */
async function fill(journal: NodeJournal, folder: string, entries: number): Promise<number> {
  const source = journalSource(folder, 'busy')
  let servingMs = 0
  for (let given = 0; given < entries;) {
    const start = performance.now()
    let took = 0
    while (took < TURN_READS && given + took < entries && record(journal)) took++
    servingMs += performance.now() - start
    given += took
    // Without room a gateway answers 503 until the next file is made; here we wait for it.
    if (took === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    else await new Promise(setImmediate)
    // As a sequencer does, so that the disk does not fill.
    if (given % RELEASE_READS < TURN_READS) await source.release(journal.stats.durable)
  }
  return servingMs
}

if (import.meta.main) {
  const entries = Number(process.argv[2] ?? 1_000_000)
  process.stdout.write(`${JSON.stringify(await benchJournal(entries), null, 2)}\n`)
}
