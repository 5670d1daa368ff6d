/**
 * Serving by worker processes: the primary's side.
 * @module
 */
import { fileURLToPath } from 'node:url'
import type { Settings } from '../config/settings.ts'
import { isIPv6 } from 'node:net'
import { freePort, urlOf } from '../http/listen.ts'
import { emptySnapshot, type TallySnapshot } from '../metrics/tally.ts'
import type { Whoami } from '../owner/operations.ts'
import { runWorkers, type WorkerCrash, type WorkerGivenUp } from '../workers/primary.ts'
import type { ServingCounts } from './process.ts'
import { answerTokens, openBuckets, type TokensAsked } from './rate-limits.ts'
import { answerQuota, isQuotaQuestion, type KeptQuotas } from '../quota/serve.ts'
import type { Serving } from './serving.ts'

/** Environment variable that hands a worker its start; its user alone can read it. */
export const WORKER_START_VARIABLE = 'TURNPIKE_WORKER_START'

/** What a worker is started with. */
export interface WorkerStart {
  readonly settings: Settings
  readonly whoami: Whoami
}

/** How to run workers. */
export interface ByWorkersOptions extends WorkerStart {
  /** Quotas that workers draw on; none where no plan can refuse a read. */
  readonly quotas: KeptQuotas | undefined
  readonly onCrash: (crash: WorkerCrash) => void
  readonly onGivenUp: (error: WorkerGivenUp) => void
}

/** Whose bodies those of a slot are. */
function holderOf(slot: number): string {
  return `worker ${slot}`
}

/**
 * Starts `settings.workers` processes on one port.
 *
 * @throws {PortTaken} when no port could be had
 * @throws {WorkerGivenUp} when a worker can't be started
 */
export async function serveByWorkers(options: ByWorkersOptions): Promise<Serving> {
  const { settings, whoami, quotas } = options
  const { host, portSearch } = settings
  const port = await freePort({ host, port: settings.port, portSearch })
  const start: WorkerStart = { settings: { ...settings, port, portSearch: false }, whoami }
  // The file is TypeScript in the repository and JavaScript when published.
  const file = import.meta.url.endsWith('.ts') ? './worker-entry.ts' : './worker-entry.js'
  const buckets = openBuckets(settings)
  const workers = await runWorkers({
    count: settings.workers,
    entry: fileURLToPath(new URL(file, import.meta.url)),
    env: { [WORKER_START_VARIABLE]: JSON.stringify(start) },
    onCrash(crash) {
      quotas?.book.lose(holderOf(crash.slot))
      options.onCrash(crash)
    },
    // It has recovered its journal before it serves.
    onReady: (slot) => quotas?.book.recovered(holderOf(slot)),
    answer: (question, slot) =>
      isQuotaQuestion(question)
        ? answerQuota(quotas, holderOf(slot), question)
        : answerTokens(buckets, question as TokensAsked),
  })
  void workers.ended.then((error) => error && options.onGivenUp(error))
  return {
    url: urlOf({ address: host, family: isIPv6(host) ? 'IPv6' : 'IPv4', port }),
    async counts() {
      const answers = await workers.ask<ServingCounts>('counts')
      return answers.reduce(
        (sum, { value }) => ({
          inFlight: sum.inFlight + value.inFlight,
          connections: sum.connections + value.connections,
          withoutRoom: sum.withoutRoom + value.withoutRoom,
        }),
        { inFlight: 0, connections: 0, withoutRoom: 0 },
      )
    },
    async snapshots() {
      const answers = await workers.ask<TallySnapshot>('snapshot')
      return answers.length === 0 ? [emptySnapshot()] : answers.map(({ value }) => value)
    },
    async flush() {
      const asked = workers.count()
      return (await workers.ask('flush')).length === asked
    },
    close: (graceMs) => workers.stop({ graceMs }),
  }
}
