/**
 * What taking signed batches costs: reads a second from HTTP to the committed ledger.
 * Run: `node packages/node/src/handover/handover.bench.ts [reads] [seen] [ledger]`. With 100
 * million ids seen before, and a ledger of 100 million rows (`full`), it needs 15 GB in the temp
 * folder, and some minutes to make them.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { BATCH_TYPE, fittingGroups, makeBatch } from '@turnpike/core/handover/batch'
import { encodeRead } from '@turnpike/core/log/encode'
import { silentObserver } from '@turnpike/gateway/observer'
import { accountingPaths } from '../accounting/open.ts'
import { loadSettings } from '../config/load.ts'
import { loadKey } from '../folder/keys.ts'
import { nodeHasher } from '../hasher.ts'
import { openInbox } from '../inbox/inbox.ts'
import { BENCH_READ } from '../journal/journal.bench.ts'
import { fillLedger, LEDGER_SHAPES, type LedgerShape } from '../ledger/ledger.bench.ts'
import { SqliteLedger } from '../ledger/ledger.ts'
import { emptySnapshot } from '../metrics/tally.ts'
import { openSigner } from '../retrieve/signer.ts'
import { startTurnpike, type Turnpike } from '../serve/start.ts'
import { BATCHES_PATH } from './send.ts'

/** Figures of one run. Seconds are of the wall; the load comes from the same process. */
export interface HandoverFigures {
  readonly reads: number
  readonly batches: number
  /** Ids in the table before. */
  readonly seen: number
  /** Rows by CID in the ledger before. */
  readonly ledgerRows: number
  /** Verified, deduplicated, sequenced, and in the ledger, from the first request on. */
  readonly readsPerSecond: number
  /** Until all were acknowledged: durable in the inbox. */
  readonly acknowledgedPerSecond: number
  /** The same batches once more: all of it seen. */
  readonly replayedPerSecond: number
  /** CPU of the whole process, load included, for a thousand reads. */
  readonly cpuMsPerThousand: number
}

/** Distinct CIDs and spaces among the reads. */
const CIDS = 1000
const SPACES = 20
/** Requests under way. */
const CONNECTIONS = 4
/** Reads that start in each ms, in the table of those seen. */
const SEEN_PER_MS = 20

/**
 * Hands `reads` reads to a deployment that has seen `seen` ids, and whose ledger is filled already,
 * and measures.
 *
 * @example
 * const figures = await benchHandover(400_000, 0)
 */
export async function benchHandover(
  reads: number,
  seen: number,
  ledger?: LedgerShape,
): Promise<HandoverFigures> {
  const root = await mkdtemp(join(tmpdir(), 'turnpike-handover-'))
  const folder = (name: string): string => join(root, name)
  try {
    for (const name of ['home', 'home/keys', 'edge']) await mkdir(folder(name))
    const source = (await loadKey(folder('edge'), 'gateway')).did()
    const audience = (await loadKey(folder('home/keys'), 'gateway')).did()
    const batches = await makeBatches(reads, folder('edge'), { source, audience })
    if (ledger !== undefined) {
      const path = accountingPaths(folder('home')).ledger
      new SqliteLedger(path).close()
      fillLedger(path, ledger)
    }
    if (seen > 0) fillSeen(accountingPaths(folder('home')).inbox, source, seen)
    const home = await start(folder('home'), source)
    try {
      const { ok: earlier } = await home.accounting.usage({})
      const cpu = process.cpuUsage()
      const started = performance.now()
      await post(home.url, batches)
      const acknowledgedS = (performance.now() - started) / 1000
      const { error } = await home.accounting.catchUp()
      if (error !== undefined) throw error
      const countedS = (performance.now() - started) / 1000
      const { user, system } = process.cpuUsage(cpu)
      const again = performance.now()
      await post(home.url, batches)
      const replayedS = (performance.now() - again) / 1000
      const { ok: usage } = await home.accounting.usage({})
      const counted = usage!.reads - earlier!.reads
      if (counted !== reads) throw new Error(`expected ${reads} reads, got ${counted}`)
      return {
        reads,
        batches: batches.length,
        seen,
        ledgerRows: ledger === undefined ? 0 : ledger.hours * ledger.spaces * ledger.cids,
        readsPerSecond: Math.round(reads / countedS),
        acknowledgedPerSecond: Math.round(reads / acknowledgedS),
        replayedPerSecond: Math.round(reads / replayedS),
        cpuMsPerThousand: Math.round((user + system) / reads),
      }
    } finally {
      await home.close(0)
    }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

async function makeBatches(
  reads: number,
  keys: string,
  names: { readonly source: string; readonly audience: string },
): Promise<readonly Uint8Array[]> {
  const signer = (await openSigner(keys))!(names.source)
  const groups = Array.from({ length: reads }, (_, i) => {
    const cid = BENCH_READ.cid!.slice()
    cid[35] = i % CIDS
    cid[34] = (i % CIDS) >> 8
    const space = `${BENCH_READ.space.slice(0, -2)}${i % SPACES}`
    const started = BENCH_READ.started + Math.floor(i / SEEN_PER_MS)
    const own = { id: randomBytes(16), provider: names.source, started }
    return [encodeRead({ ...BENCH_READ, ...own, cid, space })]
  })
  const batches: Uint8Array[] = []
  for (let first = 0; first < reads;) {
    const rest = groups.slice(first, first + 4096)
    const some = rest.slice(0, fittingGroups(rest))
    const says = { ...names, journal: '0', first, madeMs: BENCH_READ.ts }
    batches.push(await makeBatch(says, some, { signer, hasher: nodeHasher }))
    first += some.length
  }
  return batches
}

/** Fills the table by SQL, in the order of its keys: of the days before the reads. */
function fillSeen(path: string, source: string, seen: number): void {
  openInbox(path).close()
  const database = new DatabaseSync(path)
  const firstMs = BENCH_READ.started - Math.ceil(seen / SEEN_PER_MS)
  database.exec('PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; BEGIN')
  database.prepare('INSERT INTO sources VALUES (1, ?)').run(source)
  database.exec(
    `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n LIMIT ${seen})
     INSERT INTO seen SELECT 1, CAST(unhex(printf('%016x%02x', ${firstMs} + i / ${SEEN_PER_MS},
       i % ${SEEN_PER_MS} * 12)) || randomblob(15) AS BLOB) FROM n`,
  )
  database.exec('COMMIT')
  database.close()
}

async function start(data: string, source: string): Promise<Turnpike> {
  const loaded = loadSettings({
    flags: { data },
    env: {},
    defaults: { port: 0, handFrom: [source] },
  })
  if (loaded.error) throw loaded.error
  const fault = (error: Error | undefined): void => {
    if (error !== undefined) throw error
  }
  const started = await startTurnpike({
    settings: loaded.ok.settings,
    observer: silentObserver,
    snapshot: emptySnapshot,
    onCrash: (crash) => fault(new Error(JSON.stringify(crash))),
    onFailure: fault,
    onStanding: fault,
    // Months of a ledger that was filled by SQL can't be closed: the log has none of it.
    onJob() {},
    onDenylist() {},
  })
  if (started.error) throw started.error
  return started.ok
}

/** Sends all batches over a few connections. */
async function post(url: string, batches: readonly Uint8Array[]): Promise<void> {
  let next = 0
  const send = async (): Promise<void> => {
    for (let batch = batches[next++]; batch !== undefined; batch = batches[next++]) {
      const headers = { 'content-type': BATCH_TYPE }
      const body = Buffer.from(batch)
      const answer = await fetch(url + BATCHES_PATH, { method: 'POST', headers, body })
      if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`)
      await answer.arrayBuffer()
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, send))
}

if (import.meta.main) {
  const [reads = '400000', seen = '0', ledger = ''] = process.argv.slice(2)
  const figures = await benchHandover(Number(reads), Number(seen), LEDGER_SHAPES[ledger])
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`)
}
