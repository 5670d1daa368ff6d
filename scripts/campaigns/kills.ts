/**
 * Campaign: `kill -9` of a server under load. What it recorded stays within the journal's bounds.
 * @module
 */
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CHUNK_BYTES_MAX } from '@turnpike/core/limits'
import { MARK_BYTES } from '@turnpike/core/limits/log'
import { READ_FLAGS } from '@turnpike/core/log/entry'
import { campaignMain, type Campaign, type Checks, type Context } from './rig/campaign.ts'
import { ask, type Asking, type Seen } from './rig/client.ts'
import { DiskProbe } from './rig/disk-probe.ts'
import { readLog, type Recorded } from './rig/log.ts'
import { contentOf, Random } from './rig/random.ts'
import { addEach, serve, turnpikeJson, type Server } from './rig/turnpike.ts'

const KIB = 1024
const SIZES_BYTES = [100, 4 * KIB, 300 * KIB, 9_000_000, 60_000_000]
const CLIENTS = 8
/** Who is killed, and how many workers serve. */
const VICTIMS = [
  { name: 'server', workers: 0 },
  { name: 'primary', workers: 2 },
  { name: 'worker', workers: 2 },
] as const
/**
 * What a group commit may take beside the disk's time: 5 ms by itself, more where several processes
 * share two cores.
 */
const COMMIT_MS = 100
/** An entry may wait for the sync under way, and then for its own. */
const SYNCS_WAITED_MAX = 2
/** A mark is due after `MARK_BYTES`, found at the end of a chunk. */
const SHORT_BYTES_MAX = MARK_BYTES + CHUNK_BYTES_MAX

type Victim = (typeof VICTIMS)[number]['name']

/** What clients saw until a kill. */
interface Round {
  readonly victim: Victim
  readonly seen: readonly Seen[]
  readonly killedMs: number
  /** Slowest sync of the disk while it served. */
  readonly syncMs: number
}

/** Largest figures over all rounds. */
interface Tally {
  requests: number
  openAtKill: number
  recovered: number
  shortBytesMax: number
  lostAgeMsMax: number
  slowestSyncMs: number
}

/** The campaign. */
export const kills: Campaign = {
  name: 'kills',
  shows:
    'Killed at random under load, a server has recorded no more than it sent, and less by ' +
    'at most one mark for each open read and one group commit; its log and files are whole.',
  runsAre: 'Kills: of a lone server, of a primary with two workers, of one of two workers, in turn',
  runs: 50,
  async run(context) {
    const { scratch, runs, checks, note } = context
    const data = join(scratch, 'data')
    const paths = await addFiles(scratch, data)
    const tally: Tally = {
      requests: 0,
      openAtKill: 0,
      recovered: 0,
      shortBytesMax: 0,
      lostAgeMsMax: 0,
      slowestSyncMs: 0,
    }
    let before: Recorded = { byReceipt: new Map(), reads: 0, bytes: 0n }
    for (let run = 0; run < runs; run++) {
      const { name, workers } = VICTIMS[run % VICTIMS.length]!
      const round = await killOnce(context, { data, paths, victim: name, workers })
      const recorded = await restart(context, data, paths)
      compare(checks, round, recorded, before, tally)
      await checkFiles(checks, data)
      before = recorded
      note(`${run + 1} of ${runs}: ${name} killed, ${round.seen.length} requests`)
    }
    return {
      ...tally,
      markBytes: MARK_BYTES,
      commitMsAllowed: COMMIT_MS,
      syncsAllowed: SYNCS_WAITED_MAX,
    }
  },
}

async function addFiles(scratch: string, data: string): Promise<string[]> {
  const files = SIZES_BYTES.map((sizeBytes) => join(scratch, `${sizeBytes}.bin`))
  for (const [i, file] of files.entries()) await writeFile(file, contentOf(file, SIZES_BYTES[i]!))
  return addEach(data, files)
}

interface Deployment {
  readonly data: string
  readonly paths: readonly string[]
  readonly victim: Victim
  readonly workers: number
}

/** Serves under load, kills after a random time, and lets clients take what is on its way. */
async function killOnce(context: Context, deployment: Deployment): Promise<Round> {
  const { checks, random, scratch } = context
  const { data, paths, victim, workers } = deployment
  const probe = new DiskProbe(join(scratch, 'probe'))
  const server = await serve(data, '--workers', String(workers))
  const stop = { now: false }
  const clients = Array.from({ length: CLIENTS }, (_, i) => {
    const own = new Random(random.below(2 ** 32))
    return client(server.port, i, paths, own, stop)
  })
  await sleep(200 + random.below(1800))
  const pid = victim === 'worker' ? random.pick(await childrenOf(server.pid)) : server.pid
  const killedMs = Date.now()
  process.kill(pid, 'SIGKILL')
  const syncMs = await probe.stop()
  if (victim === 'worker') {
    // The other goes on, and this one comes back.
    await sleep(500)
    stop.now = true
    const seen = (await Promise.all(clients)).flat()
    checks.equal((await server.stop('SIGINT')).code, 0, 'exit code after a worker was killed')
    return { victim, seen, killedMs, syncMs }
  }
  stop.now = true
  // The next one may start while workers of this one are still going.
  if (server.child.exitCode === null && server.child.signalCode === null)
    await once(server.child, 'exit')
  const soon = random.below(2) === 0 ? await serve(data, '--workers', String(workers)) : undefined
  const seen = (await Promise.all(clients)).flat()
  await server.ended
  if (soon !== undefined)
    checks.equal((await soon.stop('SIGINT')).code, 0, 'exit code, started soon')
  return { victim, seen, killedMs, syncMs }
}

/** Asks for this and that until it is told to stop; each download is read to its end. */
async function client(
  port: number,
  index: number,
  paths: readonly string[],
  random: Random,
  stop: { readonly now: boolean },
): Promise<Seen[]> {
  const seen: Seen[] = []
  while (!stop.now) {
    const got = await ask({ port, ...wish(index, paths, random) })
    seen.push(got)
    // Nobody listens, or a worker is coming back.
    if (got.receipt === undefined) await sleep(5)
  }
  return seen
}

function wish(index: number, paths: readonly string[], random: Random): Omit<Asking, 'port'> {
  const path = paths[random.below(index === 0 ? paths.length : paths.length - 1)]!
  const large = paths.at(-1)!
  if (index === 1) return { path: large }
  if (index === 2) return { path: large, bytesPerSecondMax: 12_000_000 }
  const turn = random.below(10)
  if (turn === 0) return { path: `${path}/none` }
  return turn === 1 ? { path, method: 'HEAD' } : { path }
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.trim().split(' ').map(Number)
}

/** Starts again, by a server or by a command, and reads what stands in the log then. */
async function restart(
  { checks, random }: Context,
  data: string,
  paths: readonly string[],
): Promise<Recorded> {
  let running: unknown
  if (random.below(2) === 0) {
    const server: Server = await serve(data)
    for (const [i, path] of paths.entries()) {
      const { status, length } = await ask({ port: server.port, path, method: 'HEAD' })
      const isThere = status === 200 && length === SIZES_BYTES[i]
      checks.that(isThere, `${path} is there after a restart: ${status}, ${length} bytes`)
    }
    running = (await turnpikeJson('usage', '--data', data))['bytes']
    checks.equal((await server.stop('SIGINT')).code, 0, 'exit code of the server started again')
  }
  const usage = await turnpikeJson('usage', '--data', data)
  const recorded = await readLog(data)
  checks.equal(usage['reads'], recorded.reads, 'usage.reads and the log')
  checks.equal(String(usage['bytes']), String(recorded.bytes), 'usage.bytes and the log')
  checks.equal(running ?? usage['bytes'], usage['bytes'], 'usage of the running server')
  return recorded
}

/** Holds each request against its entry, and each new entry against the requests. */
function compare(
  checks: Checks,
  { victim, seen, killedMs, syncMs }: Round,
  { byReceipt }: Recorded,
  before: Recorded,
  tally: Tally,
): void {
  const commitMs = COMMIT_MS + SYNCS_WAITED_MAX * syncMs
  tally.slowestSyncMs = Math.max(tally.slowestSyncMs, syncMs)
  for (const { receipt, received, endedMs, whole, asking } of seen) {
    if (receipt === undefined) continue
    const entries = byReceipt.get(receipt) ?? []
    const bytes = Number(entries[0]?.bytes ?? 0)
    const isHead = asking.method === 'HEAD'
    const what = `${victim} killed, ${receipt} got ${received} of ${asking.path}`
    const short = isHead ? 0 : received - bytes
    tally.requests += 1
    checks.that(entries.length <= 1, `${what}: ${entries.length} entries`)
    checks.that(short >= 0, `${what}: ${bytes} recorded, more than was sent`)
    checks.that(short < SHORT_BYTES_MAX, `${what}: ${bytes} recorded`)
    tally.shortBytesMax = Math.max(tally.shortBytesMax, short)
    if (!whole) tally.openAtKill += 1
    if (((entries[0]?.flags ?? 0) & READ_FLAGS.recovered) > 0) tally.recovered += 1
    if (!whole || (entries.length === 1 && short === 0)) continue
    const ageMs = killedMs - endedMs
    tally.lostAgeMsMax = Math.max(tally.lostAgeMsMax, ageMs)
    checks.that(ageMs < commitMs, `${what}: lost, ${ageMs} ms after its end, ${syncMs} ms a sync`)
  }
  const receipts = new Set(seen.map(({ receipt }) => receipt))
  const unknown = [...byReceipt.keys()].filter(
    (id) => !before.byReceipt.has(id) && !receipts.has(id),
  )
  // Requests whose head never arrived, and the HEADs after the restart.
  const headless = seen.filter(({ receipt }) => receipt === undefined).length
  checks.that(
    unknown.length <= headless + SIZES_BYTES.length,
    `${unknown.length} entries that nobody asked for`,
  )
  for (const [id, entries] of before.byReceipt)
    if (byReceipt.get(id)?.length !== entries.length)
      checks.that(false, `${id} is still there once`)
}

/** Nothing half-written is left where files lie. */
async function checkFiles(checks: Checks, data: string): Promise<void> {
  for (const folder of ['blobs/temps', 'log/temp', 'stages']) {
    const left = await readdir(join(data, folder)).catch(() => [])
    checks.equal(left.length, 0, `files left in ${folder}`)
  }
}

if (import.meta.main) await campaignMain(kills)
