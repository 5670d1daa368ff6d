/**
 * A deployment as operators run it: the server, its log, its metrics, and the admin listener.
 * @module
 */
import type { Logger } from 'pino'
import type { ReportJson } from '@turnpike/core/billing/usage-json'
import { fail, ok, type Result } from '@turnpike/core/result'
import { loadAdminToken } from '../admin/token.ts'
import { startAdmin } from '../admin/server.ts'
import { receiptMetrics } from '../analytics/metrics.ts'
import { rpcMethods } from '../analytics/rpc-methods.ts'
import type { LoadedSettings } from '../config/load.ts'
import { folderPaths } from '../folder/layout.ts'
import { nodeHasher } from '../hasher.ts'
import { openLog } from '../logging/log.ts'
import { createObserver } from '../logging/observer.ts'
import { creditMetrics } from '../credits/totals.ts'
import { createMetrics } from '../metrics/metrics.ts'
import { Tally } from '../metrics/tally.ts'
import { nodeClock } from '../runtime.ts'
import { startTurnpike, type Turnpike } from './start.ts'
import { unready, type Standing } from './unready.ts'

/** A deployment that runs. */
export interface Deployment {
  readonly url: string
  readonly adminUrl: string
  readonly log: Logger
  /** Resolves when something broke that can't be mended while running. */
  readonly failed: Promise<Error>
  /** Finishes what is in flight, records it, and gives everything back. */
  close(): Promise<void>
}

/**
 * Starts a deployment with its settings.
 *
 * @throws the file system's error, when the log can't be written
 * @example
 * const started = await startDeployment(loaded)
 * if (started.ok) print(started.ok.url)
 */
export async function startDeployment(loaded: LoadedSettings): Promise<Result<Deployment, Error>> {
  const { settings } = loaded
  const { log, close: closeLog } = openLog({ level: settings.logLevel, file: settings.logFile })
  const tally = new Tally()
  const observer = createObserver({ tally, log, hasher: nodeHasher, clock: nodeClock })
  const failure = Promise.withResolvers<Error>()
  const standing: Standing = { failure: undefined, accounting: undefined, jobs: new Set() }
  const started = await startTurnpike({
    settings,
    observer,
    snapshot: () => tally.snapshot(),
    onCrash: (crash) => log.error({ ...crash }, 'a worker ended, it is started again'),
    onFailure(error) {
      standing.failure = error
      log.fatal({ err: error }, 'can not go on')
      failure.resolve(error)
    },
    onStanding(fault) {
      standing.accounting = fault
      if (fault === undefined) log.info('accounting goes on')
      else log.error({ err: fault }, 'accounting stands still')
    },
    onJob(job, fault) {
      if (fault === undefined) standing.jobs.delete(job)
      else standing.jobs.add(job)
      if (fault === undefined) log.info({ job }, 'job goes well again')
      else log.error({ job, err: fault }, 'job fails, it is tried again')
    },
    onDenylist(source, fault) {
      if (fault === undefined) log.info({ source }, 'denylist can be read again')
      else log.error({ source, err: fault }, 'denylist can not be read: what was read last holds')
    },
  })
  if (started.error) {
    await closeLog()
    return started
  }
  const turnpike = started.ok
  try {
    const admin = await openAdmin(loaded, { turnpike, standing, log })
    log.info({ url: turnpike.url, admin: admin.url, gateway: turnpike.whoami.gateway }, 'serving')
    const close = async (): Promise<void> => {
      log.info(await turnpike.serving.counts(), 'stopping')
      await turnpike.close(settings.stopGraceMs)
      await admin.close()
      log.info('stopped')
      await closeLog()
    }
    return ok({ url: turnpike.url, adminUrl: admin.url, log, failed: failure.promise, close })
  } catch (error) {
    await turnpike.close(0)
    await closeLog()
    return fail(error instanceof Error ? error : new Error(String(error)))
  }
}

interface AdminParts {
  readonly turnpike: Turnpike
  readonly standing: Standing
  readonly log: Logger
}

async function openAdmin(
  { settings, sources }: LoadedSettings,
  { turnpike, standing, log }: AdminParts,
): ReturnType<typeof startAdmin> {
  const receipts = receiptMetrics(turnpike.operations)
  const metrics = createMetrics({
    snapshots: () => turnpike.serving.snapshots(),
    gauges: [
      {
        name: 'turnpike_reads_in_flight',
        help: 'Requests that are being answered',
        value: async () => (await turnpike.serving.counts()).inFlight,
      },
      {
        name: 'turnpike_denylists_failing',
        help: 'Denylists of the settings that could not be read when last tried',
        value: () => turnpike.denylists.failing,
      },
      {
        name: 'turnpike_connections',
        help: 'Open connections',
        value: async () => (await turnpike.serving.counts()).connections,
      },
      {
        name: 'turnpike_processes_without_journal_room',
        help: 'Processes that refuse all reads since their journal has no room',
        value: async () => (await turnpike.serving.counts()).withoutRoom,
      },
      {
        name: 'turnpike_accounting_standing_still',
        help: '1 while journals are not taken into the log',
        value: () => (standing.accounting === undefined ? 0 : 1),
      },
      {
        name: 'turnpike_accounting_jobs_failing',
        help: 'Jobs of accounting that failed when last tried: the log has their names',
        value: () => standing.jobs.size,
      },
    ],
    labelled: [...receipts.labelled, ...creditMetrics(turnpike.operations)],
    histograms: receipts.histograms,
  })
  return startAdmin({
    host: settings.adminHost,
    port: settings.adminPort,
    // A port that nobody asked for may be another one.
    portSearch: sources.adminPort === 'default',
    hosts: settings.adminHosts,
    token: settings.adminToken ?? (await loadAdminToken(folderPaths(settings.data).keys)),
    metrics,
    unready: async () => unready(standing, await turnpike.serving.counts()),
    usage: (query) => {
      const call = { signal: new AbortController().signal, progress() {} }
      return turnpike.operations.usage!(query, call) as Promise<Result<ReportJson, Error>>
    },
    rpc: rpcMethods(turnpike.operations),
    nowMs: nodeClock.nowMs,
    onCrash: (error) => log.error({ err: error }, 'admin request failed'),
  })
}
