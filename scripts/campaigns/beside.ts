/**
 * Campaign: adds beside a server under load, two at once.
 * @module
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { campaignMain, type Campaign, type Context, type Figures } from './rig/campaign.ts'
import { ask } from './rig/client.ts'
import { percentile } from './rig/parallel.ts'
import { contentOf } from './rig/random.ts'
import { addEach, serve, turnpikeJson } from './rig/turnpike.ts'

const SMALL_FILES = 50
const SMALL_BYTES = 4096
const LARGE_BYTES = 200_000_000
const READS_PER_SECOND = 100
/** Reads alone, before and after the adds. */
const ALONE_MS = 3000
/**
 * Beyond reason: two adds, the server, its clients and this process share the cores, so that a read
 * waits for its turn; but for nothing else.
 */
const P99_MS_MAX = 500

/** The campaign. */
export const beside: Campaign = {
  name: 'beside',
  shows:
    'Two adds at once beside a server under load both come out right, and readers hardly notice.',
  runsAre: 'Rounds of two adds at once',
  runs: 3,
  async run(context) {
    const { scratch, runs, note } = context
    const data = join(scratch, 'data')
    const small = await smallFiles(scratch)
    const paths = await addEach(data, small)
    const server = await serve(data)
    const { port } = server
    const alone = await readFor({ port, paths }, () => sleep(ALONE_MS))
    const during: number[] = []
    const secondsOfAdds: number[] = []
    for (let run = 0; run < runs; run++) {
      // Made before anything is timed: this process reads, too.
      const files = await largeFiles(scratch, run)
      const started = performance.now()
      during.push(...(await readFor({ port, paths }, () => addTwo(context, { data, port, files }))))
      secondsOfAdds.push((performance.now() - started) / 1000)
      note(`${run + 1} of ${runs}`)
    }
    context.checks.that(percentile(during, 0.99) < P99_MS_MAX, `p99 ${percentile(during, 0.99)} ms`)
    context.checks.equal((await server.stop('SIGINT')).code, 0, 'exit code of serve')
    return {
      ...latencies('alone', alone),
      ...latencies('besideAdds', during),
      twoAddsSecondsMax: Math.round(Math.max(...secondsOfAdds) * 10) / 10,
      addedBytesEach: LARGE_BYTES,
    }
  },
}

async function smallFiles(scratch: string): Promise<string[]> {
  const files: string[] = []
  for (let i = 0; i < SMALL_FILES; i++) {
    const file = join(scratch, `small-${i}`)
    await writeFile(file, contentOf(file, SMALL_BYTES))
    files.push(file)
  }
  return files
}

async function largeFiles(scratch: string, run: number): Promise<readonly string[]> {
  const files = ['a', 'b'].map((name) => join(scratch, `large-${run}-${name}`))
  for (const file of files) await writeFile(file, contentOf(file, LARGE_BYTES))
  return files
}

interface Readers {
  readonly port: number
  readonly paths: readonly string[]
}

/** Reads small files at a fixed rate while `work` goes on; ms of each read. */
async function readFor(
  { port, paths }: Readers,
  work: () => Promise<unknown>,
): Promise<readonly number[]> {
  const state = { done: false }
  const working = work().finally(() => (state.done = true))
  const reads: Promise<number>[] = []
  const started = performance.now()
  while (!state.done) {
    const dueMs = started + (reads.length * 1000) / READS_PER_SECOND
    await sleep(Math.max(0, dueMs - performance.now()))
    reads.push(timedRead(port, paths[reads.length % paths.length]!))
  }
  await working
  return Promise.all(reads)
}

async function timedRead(port: number, path: string): Promise<number> {
  const started = performance.now()
  const { whole, received } = await ask({ port, path })
  return whole && received === SMALL_BYTES ? performance.now() - started : Number.POSITIVE_INFINITY
}

/** Two adds of different content at once, both served right after. */
async function addTwo(
  { checks }: Context,
  {
    data,
    port,
    files,
  }: { readonly data: string; readonly port: number; readonly files: readonly string[] },
): Promise<void> {
  const added = await Promise.all(files.map((file) => turnpikeJson('add', file, '--data', data)))
  for (const { cid } of added) {
    const { received, whole } = await ask({ port, path: `/ipfs/${String(cid)}` })
    checks.that(whole && received === LARGE_BYTES, `an add beside another, ${received} bytes`)
  }
}

function latencies(name: string, ms: readonly number[]): Figures {
  const round = (value: number): number => Math.round(value * 10) / 10
  return {
    [`${name} reads`]: ms.length,
    [`${name} p50 ms`]: round(percentile(ms, 0.5)),
    [`${name} p99 ms`]: round(percentile(ms, 0.99)),
    [`${name} max ms`]: round(Math.max(...ms)),
  }
}

if (import.meta.main) await campaignMain(beside)
