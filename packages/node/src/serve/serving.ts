/**
 * Serving, by this process or by workers.
 * @module
 */
import type { TallySnapshot } from '../metrics/tally.ts'
import { serveByWorkers, type ByWorkersOptions } from './by-workers.ts'
import type { KeptQuotas } from '../quota/serve.ts'
import { openBuckets } from './rate-limits.ts'
import { serveProcess, type ServeOptions, type ServingCounts } from './process.ts'

/** What serves, in this process or in others. */
export interface Serving {
  readonly url: string
  counts(): Promise<ServingCounts>
  /** Counts of each process that serves. */
  snapshots(): Promise<readonly TallySnapshot[]>
  /** Makes the entries of all reads that have ended durable; whether all processes have. */
  flush(): Promise<boolean>
  close(graceMs: number): Promise<void>
}

/** Slot of the journal of a process that serves alone. */
const LONE_SLOT = '0'

/** Slots of the journals that a deployment with so many workers has open. */
export function slotsOf(workers: number): readonly string[] {
  return workers === 0 ? [LONE_SLOT] : Array.from({ length: workers }, (_, slot) => String(slot))
}

/** How to serve: what a process needs, and what one with workers needs beside. */
export interface ServingOptions
  extends Omit<ServeOptions, 'slot' | 'reusePort' | 'limiters'>, Pick<ByWorkersOptions, 'onCrash'> {
  /** Quotas of customers; none where no plan can refuse a read. */
  readonly quotas: KeptQuotas | undefined
  /** Counts of this process. */
  snapshot(): TallySnapshot
}

/**
 * Serves with as many workers as the settings say; without any, this process serves.
 *
 * @throws {Error} when the port or the journal can't be had
 */
export async function serve(options: ServingOptions): Promise<Serving> {
  if (options.settings.workers > 0)
    return serveByWorkers({ ...options, onGivenUp: options.onFailure })
  const limiters = openBuckets(options.settings)
  const served = await serveProcess({ ...options, limiters, slot: LONE_SLOT, reusePort: false })
  if (served.error) throw served.error
  const { url, counts, flush, close } = served.ok
  return {
    url,
    flush: () => flush().then(() => true),
    close,
    counts: () => Promise.resolve(counts()),
    snapshots: () => Promise.resolve([options.snapshot()]),
  }
}
