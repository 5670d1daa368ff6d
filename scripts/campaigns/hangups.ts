/**
 * Campaign: clients that hang up. What is recorded is what they were sent.
 * @module
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHUNK_BYTES_MAX } from '@turnpike/core/limits'
import {
  campaignMain,
  type Campaign,
  type Checks,
  type Context,
  type Figures,
} from './rig/campaign.ts'
import { ask, type Ending, type Seen } from './rig/client.ts'
import { bufferBytesMax, kernelMissing } from './rig/kernel.ts'
import { readLog, type Recorded } from './rig/log.ts'
import { parallel } from './rig/parallel.ts'
import { contentOf, type Random } from './rig/random.ts'
import { addEach, serve, turnpikeJson } from './rig/turnpike.ts'

const KIB = 1024
const SIZES_BYTES = [4 * KIB, 300 * KIB, 3_000_000, 40_000_000]
const ENDINGS: readonly Ending[] = ['close', 'reset', 'half-close', 'stall-close', 'all']
const AT_ONCE = 8
/** Larger than what socket buffers hold, so that a reader who takes nothing blocks the server. */
const STALLED_BYTES = 80_000_000
const WRITE_IDLE_MS = 1500

/** The campaign. */
export const hangups: Campaign = {
  name: 'hangups',
  shows:
    'Downloads cut at random are recorded once each, with at least what the client got and ' +
    'at most that plus what the sockets’ buffers held and one chunk.',
  runsAre: 'Downloads, of sizes from 4 KiB to 40 MB; a fiftieth more never read at all',
  runs: 1000,
  missing: kernelMissing,
  async run(context) {
    const { scratch, runs, random, checks, note } = context
    const data = join(scratch, 'data')
    const paths = await addFiles(scratch, data)
    const server = await serve(data, '--write-idle-timeout-ms', String(WRITE_IDLE_MS))
    const { port } = server
    const seen = await parallel(runs, AT_ONCE, (index) => {
      if (index % 100 === 99) note(`${index + 1} of ${runs}`)
      return ask({ port, ...wish(random, paths) })
    })
    note('readers that never read')
    const stalledCount = Math.max(1, Math.ceil(runs / 50))
    const stalled = await parallel(stalledCount, AT_ONCE, () =>
      ask({ port, path: paths.at(-1)!, ending: 'never-reads' }),
    )
    const running = await turnpikeJson('usage', '--data', data)
    checks.equal((await server.stop('SIGINT')).code, 0, 'exit code of serve')
    const stopped = await turnpikeJson('usage', '--data', data)
    const recorded = await readLog(data)
    checks.equal(recorded.reads, runs + stalledCount, 'reads in the log')
    for (const [state, usage] of Object.entries({ running, stopped })) {
      checks.equal(usage['reads'], runs + stalledCount, `usage.reads, ${state}`)
      checks.equal(String(usage['bytes']), String(recorded.bytes), `usage.bytes, ${state}`)
    }
    return {
      ...(await compare(context, seen, recorded)),
      ...compareStalled(checks, stalled, seen, recorded),
    }
  },
}

async function addFiles(scratch: string, data: string): Promise<string[]> {
  const files = [...SIZES_BYTES, STALLED_BYTES].map((sizeBytes) => ({
    sizeBytes,
    path: join(scratch, `${sizeBytes}.bin`),
  }))
  for (const { path, sizeBytes } of files) await writeFile(path, contentOf(path, sizeBytes))
  return addEach(
    data,
    files.map(({ path }) => path),
  )
}

function wish(
  random: Random,
  paths: readonly string[],
): { path: string; ending: Ending; cutAtBytes: number } {
  const size = random.below(SIZES_BYTES.length)
  return {
    path: paths[size]!,
    ending: random.pick(ENDINGS),
    cutAtBytes: random.below(SIZES_BYTES[size]!),
  }
}

/** Holds each client's bytes against its entry. */
async function compare(
  { checks }: Context,
  seen: readonly Seen[],
  { byReceipt }: Recorded,
): Promise<Figures> {
  const slackBytes = (await bufferBytesMax()) + CHUNK_BYTES_MAX
  const sums = { received: 0n, recorded: 0n, cut: 0, excessMax: 0, excessStalledMax: 0 }
  for (const { receipt, received, length, queued, whole, asking } of seen) {
    const entries = byReceipt.get(receipt ?? '') ?? []
    const what = `${asking.ending} at ${asking.cutAtBytes} of ${length}, ${receipt}`
    checks.equal(entries.length, 1, `entries, ${what}`)
    const bytes = Number(entries[0]?.bytes ?? 0)
    sums.received += BigInt(received)
    sums.recorded += BigInt(bytes)
    if (asking.ending === 'all' || asking.ending === 'half-close') {
      checks.that(whole, `all is read, ${what}: ${received}`)
      checks.equal(bytes, length, `recorded of a whole answer, ${what}`)
      continue
    }
    sums.cut += 1
    const excess = bytes - received
    const roomBytes = queued === undefined ? slackBytes : queued + CHUNK_BYTES_MAX
    sums.excessMax = Math.max(sums.excessMax, excess)
    if (queued !== undefined)
      sums.excessStalledMax = Math.max(sums.excessStalledMax, excess - queued)
    checks.that(excess >= 0, `recorded at least what was received, ${what}: ${excess}`)
    checks.that(excess <= roomBytes, `recorded ${excess} more, ${roomBytes} fit, ${what}`)
  }
  return {
    downloads: seen.length,
    cut: sums.cut,
    receivedBytes: String(sums.received),
    recordedBytes: String(sums.recorded),
    largestExcessBytes: sums.excessMax,
    largestExcessOverMeasuredBuffersBytes: sums.excessStalledMax,
    kernelBuffersBytesMax: slackBytes - CHUNK_BYTES_MAX,
  }
}

/** Readers that took nothing: they were sent no more than the buffers held, and a chunk. */
function compareStalled(
  checks: Checks,
  stalled: readonly Seen[],
  seen: readonly Seen[],
  { byReceipt }: Recorded,
): Figures {
  // They saw no head, so their entries are those that nobody else knows.
  const known = new Set(seen.map(({ receipt }) => receipt))
  const cut = [...byReceipt].filter(([id]) => !known.has(id)).flatMap(([, entries]) => entries)
  checks.equal(cut.length, stalled.length, 'entries of readers that took nothing')
  const queuedMax = Math.max(...stalled.map((one) => (one.queued ?? 0) + one.bytesRead))
  for (const { bytes } of cut)
    checks.that(
      bytes > 0n && Number(bytes) <= queuedMax + CHUNK_BYTES_MAX,
      `recorded ${bytes} of a reader that took nothing, with ${queuedMax} in the buffers`,
    )
  return {
    neverReading: stalled.length,
    neverReadingCutAfterMsMax: Math.max(...cut.map(({ started, ts }) => ts - started)),
    neverReadingQueuedBytesMax: queuedMax,
  }
}

if (import.meta.main) await campaignMain(hangups)
