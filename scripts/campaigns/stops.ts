/**
 * Campaign: Ctrl-C while readers are served.
 * @module
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CHUNK_BYTES_MAX } from '@turnpike/core/limits'
import { campaignMain, type Campaign, type Context, type Figures } from './rig/campaign.ts'
import { ask, type Seen } from './rig/client.ts'
import { bufferBytesMax, kernelMissing } from './rig/kernel.ts'
import { readLog } from './rig/log.ts'
import { contentOf } from './rig/random.ts'
import { addEach, serve, turnpikeJson } from './rig/turnpike.ts'

const LARGE_BYTES = 60_000_000
const READERS = 4
/** What is left of a download when the signal comes takes less than the grace. */
const QUICK_BYTES_PER_SECOND = 40_000_000
/** And here it takes longer than any grace of ours. */
const SLOW_BYTES_PER_SECOND = 2_000_000
const GRACE_MS = 3000
const SHORT_GRACE_MS = 500
/** Beyond the grace: cutting, the journal's last commit, the log, a busy machine. */
const CLOSE_MS_MAX = 6000
const AT_ONCE_MS_MAX = 1000
const INTERRUPTED = 130

/** Ways to stop. */
const STOPS = ['finishes', 'cuts', 'twice'] as const

/** The campaign. */
export const stops: Campaign = {
  name: 'stops',
  shows:
    'Ctrl-C lets what is in flight finish within the grace, cuts the rest, records both, and ' +
    'exits with 0; a second one exits at once, and the next start finds what it cut.',
  runsAre: 'Stops: within the grace, beyond it, and twice, in turn; every other one with workers',
  runs: 12,
  missing: kernelMissing,
  async run(context) {
    const { scratch, runs, note } = context
    const data = join(scratch, 'data')
    const file = join(scratch, 'large')
    await writeFile(file, contentOf('large', LARGE_BYTES))
    const [path] = await addEach(data, [file])
    const figures = { finishMsMax: 0, cutMsMax: 0, twiceMsMax: 0 }
    for (let run = 0; run < runs; run++) {
      const how = STOPS[run % STOPS.length]!
      const workers = run % 2 === 0 ? 0 : 2
      const ms = await stopOnce(context, { data, path: path!, how, workers })
      const name = ({ finishes: 'finishMsMax', cuts: 'cutMsMax', twice: 'twiceMsMax' } as const)[
        how
      ]
      figures[name] = Math.max(figures[name], ms)
      note(`${run + 1} of ${runs}: ${how}, ${workers} workers, ${ms} ms`)
    }
    return { ...figures, graceMs: GRACE_MS, shortGraceMs: SHORT_GRACE_MS } satisfies Figures
  },
}

interface Stop {
  readonly data: string
  readonly path: string
  readonly how: (typeof STOPS)[number]
  readonly workers: number
}

/** Serves, stops in the middle, holds readers against the log; ms from signal to exit. */
async function stopOnce(context: Context, { data, path, how, workers }: Stop): Promise<number> {
  const { checks, random } = context
  const graceMs = how === 'cuts' ? SHORT_GRACE_MS : GRACE_MS
  const flags = ['--workers', String(workers), '--stop-grace-ms', String(graceMs)]
  const server = await serve(data, ...flags)
  const { port, child } = server
  const bytesPerSecondMax = how === 'finishes' ? QUICK_BYTES_PER_SECOND : SLOW_BYTES_PER_SECOND
  const reading = Array.from({ length: READERS }, () => ask({ port, path, bytesPerSecondMax }))
  await sleep(300 + random.below(500))
  const started = performance.now()
  child.kill('SIGINT')
  if (how === 'twice') {
    await sleep(200)
    child.kill('SIGINT')
  }
  const { code, stderr } = await server.ended
  const ms = Math.round(performance.now() - started)
  const what = `${how}, ${workers} workers`
  checks.equal(code, how === 'twice' ? INTERRUPTED : 0, `exit code, ${what}, ${stderr}`)
  const msMax = how === 'twice' ? 200 + AT_ONCE_MS_MAX : graceMs + CLOSE_MS_MAX
  checks.that(ms < msMax, `${what}: took ${ms} ms, expected less than ${msMax}`)
  const seen = await Promise.all(reading)
  const usage = await turnpikeJson('usage', '--data', data)
  const recorded = await readLog(data)
  checks.equal(usage['reads'], recorded.reads, `usage.reads and the log, ${what}`)
  for (const one of seen)
    await compare(context, how, one, recorded.byReceipt.get(one.receipt!) ?? [])
  return ms
}

async function compare(
  { checks }: Context,
  how: Stop['how'],
  { receipt, received, whole }: Seen,
  entries: readonly { readonly bytes: bigint }[],
): Promise<void> {
  const what = `${how}, ${receipt} got ${received}`
  const bytes = Number(entries[0]?.bytes ?? 0)
  if (how === 'twice') {
    // As after a kill: the last mark counts, and before the first one nothing does.
    checks.that(entries.length <= 1 && bytes <= received, `${what}: ${bytes} recorded`)
    return
  }
  checks.equal(entries.length, 1, `entries, ${what}`)
  if (how === 'finishes') checks.that(whole && bytes === LARGE_BYTES, `${what}: ${bytes} recorded`)
  const slack = (await bufferBytesMax()) + CHUNK_BYTES_MAX
  const fits = bytes >= received && bytes <= received + slack
  checks.that(fits, `${what}: ${bytes} recorded`)
}

if (import.meta.main) await campaignMain(stops)
