/**
 * Campaign: a disk that fills up and gets room again, under load.
 * @module
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { readdir, rm, writeFile, open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { campaignMain, type Campaign, type Context, type Figures } from './rig/campaign.ts'
import type { Report } from './rig/campaign.ts'
import { ask, type Seen } from './rig/client.ts'
import { readLog } from './rig/log.ts'
import { parallel } from './rig/parallel.ts'
import { contentOf } from './rig/random.ts'
import { addEach, serve, turnpike, turnpikeJson, type Server } from './rig/turnpike.ts'

/** Says, in the process that runs where the small disk is mounted, where that is. */
const MOUNT = 'TURNPIKE_CAMPAIGN_DISK'
const MOUNT_POINT = '/mnt'
const DISK_BYTES = 128 << 20
const SMALL_BYTES = 1000
const LARGE_BYTES = 24_000_000
/** What is added when there is no room, and again when there is. */
const NEW_BYTES = 6_000_000
const AT_ONCE = 8
/** Reads of which one at least must be refused: a journal of two files of 2 MiB holds fewer. */
const READS_MAX = 40_000
/** The journal tries each second, and the sequencer every five, to go on. */
const ROOM_AGAIN_MS_MAX = 20_000

/** The campaign. */
export const fullDisk: Campaign = {
  name: 'full-disk',
  shows:
    'On a full disk new reads are refused with 503, running ones end and are recorded, an add is ' +
    'refused, nothing is corrupt; with room again, all of it goes on.',
  runsAre: 'Times that the disk is filled',
  runs: 3,
  missing() {
    try {
      execFileSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', MOUNT_POINT], {
        stdio: 'ignore',
      })
      return undefined
    } catch {
      return 'needs unshare(1) and user namespaces to mount a small disk'
    }
  },
  run: (context) =>
    process.env[MOUNT] === undefined ? onSmallDisk(context) : fillAgainAndAgain(context),
}

/** Runs this file again where a small disk is mounted, without any rights. */
function onSmallDisk({ runs, random, checks }: Context): Promise<Figures> {
  const script = `mount -t tmpfs -o size=${DISK_BYTES} tmpfs ${MOUNT_POINT} && exec "$@"`
  const seed = random.below(2 ** 32)
  const words = ['--runs', String(runs), '--seed', String(seed), '--json']
  const { stdout, stderr } = spawnSync(
    'unshare',
    ['-rm', 'sh', '-c', script, 'sh', process.execPath, fileURLToPath(import.meta.url), ...words],
    { env: { ...process.env, [MOUNT]: MOUNT_POINT }, encoding: 'utf8' },
  )
  try {
    const report = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Report
    checks.held += report.checks
    checks.failures.push(...report.failures)
    const { failures: _, ...figures } = report.figures
    return Promise.resolve(figures)
  } catch {
    checks.that(false, `a report expected, got: ${stderr}`)
    return Promise.resolve({})
  }
}

/** What was found when the disk was full. */
interface Filled {
  readonly answered: number
  readonly refused: number
  readonly roomAgainMs: number
}

async function fillAgainAndAgain(context: Context): Promise<Figures> {
  const { runs, checks, scratch } = context
  const disk = process.env[MOUNT]!
  const data = join(disk, 'data')
  const files = { small: SMALL_BYTES, large: LARGE_BYTES, new: NEW_BYTES }
  for (const [name, sizeBytes] of Object.entries(files))
    await writeFile(join(scratch, name), contentOf(name, sizeBytes))
  const paths = await addEach(data, [join(scratch, 'small'), join(scratch, 'large')])
  const flags = ['--journal-file-bytes', '2MiB', '--journal-reserve-bytes', '2MiB']
  const server = await serve(data, ...flags)
  const figures = { answered: 0, refused: 0, roomAgainMsMax: 0 }
  for (let run = 0; run < runs; run++) {
    const filled = await fillOnce(context, { server, paths, disk, data })
    figures.answered += filled.answered
    figures.refused += filled.refused
    figures.roomAgainMsMax = Math.max(figures.roomAgainMsMax, filled.roomAgainMs)
  }
  const running = await turnpikeJson('usage', '--data', data)
  checks.equal((await server.stop('SIGINT')).code, 0, 'exit code of serve')
  const usage = await turnpikeJson('usage', '--data', data)
  checks.equal(running['reads'], figures.answered, 'reads counted, running')
  checks.equal(usage['reads'], figures.answered, 'reads counted, stopped')
  checks.equal((await readLog(data)).reads, figures.answered, 'reads in the log')
  return { ...figures, diskBytes: DISK_BYTES }
}

interface Place {
  readonly server: Server
  readonly paths: readonly string[]
  readonly disk: string
  readonly data: string
}

async function fillOnce(
  { checks, scratch }: Context,
  { server, paths, disk, data }: Place,
): Promise<Filled> {
  const { port } = server
  const [small, large] = paths
  const running = ask({ port, path: large!, bytesPerSecondMax: LARGE_BYTES / 4 })
  await sleep(200)
  const filler = join(disk, 'filler')
  await takeAll(filler)
  const seen = await readUntilRefused(port, small!)
  const refusals = seen.filter(({ status }) => status === 503)
  checks.that(refusals.length > 0, `a read is refused within ${READS_MAX}`)
  for (const { status, whole } of seen)
    checks.that(whole && (status === 200 || status === 503), `a whole answer, got ${status}`)
  const { whole, received } = await running
  checks.that(whole, `a read that was running ends: ${received} of ${LARGE_BYTES}`)
  const add = await turnpike('add', join(scratch, 'new'), '--data', data, '--json')
  checks.equal(add.code, 1, `exit code of add on a full disk, ${add.stdout}${add.stderr}`)
  checks.that(/room|space|full/i.test(add.stderr), `add says why: ${add.stderr}`)
  checks.that(!/\n\s+at /.test(add.stderr), `add shows no stack: ${add.stderr}`)
  checks.that(server.child.exitCode === null, 'the server goes on')
  await rm(filler)
  const started = performance.now()
  let last: Seen
  let refused = refusals.length
  do {
    await sleep(100)
    last = await ask({ port, path: small! })
    if (last.status === 503) refused += 1
  } while (last.status === 503 && performance.now() - started < ROOM_AGAIN_MS_MAX)
  checks.equal(last.status, 200, 'status with room again')
  const roomAgainMs = Math.round(performance.now() - started)
  await addsAgain({ port, data, disk, file: join(scratch, 'new') }, checks)
  // The running read, the last one, and that of what was added.
  return { answered: seen.length - refusals.length + 3, refused, roomAgainMs }
}

/** Nothing of the refused add is left; the same add works now, and is withdrawn again. */
async function addsAgain(
  place: {
    readonly port: number
    readonly data: string
    readonly disk: string
    readonly file: string
  },
  checks: Context['checks'],
): Promise<void> {
  const { port, data, file } = place
  for (const folder of ['blobs/temps', 'stages']) {
    const left = await readdir(join(data, folder)).catch(() => [])
    checks.equal(left.join(' '), '', `files that a refused add left in ${folder}`)
  }
  const [path] = await addEach(data, [file])
  const { whole, received } = await ask({ port, path: path! })
  checks.that(whole && received === NEW_BYTES, `what was added is served, got ${received}`)
  await turnpikeJson('rm', path!.slice('/ipfs/'.length), '--data', data)
  await turnpikeJson('gc', '--data', data)
}

async function readUntilRefused(port: number, path: string): Promise<Seen[]> {
  const stop = { now: false }
  const all = await parallel(READS_MAX, AT_ONCE, async () => {
    if (stop.now) return undefined
    const seen = await ask({ port, path })
    if (seen.status === 503) stop.now = true
    return seen
  })
  return all.filter((seen) => seen !== undefined)
}

/** Writes a file until the disk is full. */
async function takeAll(path: string): Promise<void> {
  const handle = await open(path, 'w')
  try {
    for (const bytes of [new Uint8Array(1 << 20), new Uint8Array(4096)])
      await writeUntilFull(handle, bytes)
  } finally {
    await handle.close()
  }
}

async function writeUntilFull(
  handle: Awaited<ReturnType<typeof open>>,
  bytes: Uint8Array,
): Promise<void> {
  try {
    for (;;) await handle.write(bytes)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}

if (import.meta.main) await campaignMain(fullDisk)
