/**
 * What accounting does by itself, now and then, beside its rounds.
 * @module
 */
import { domainIndexJob, domainsReadBefore } from '../analytics/job.ts'
import { epochsJob } from '../epochs/job.ts'
import { egressJobs, egressReadBefore } from '../egress/job.ts'
import type { AccountingParts } from './parts.ts'
import { receiptIndexJob } from '../receipt-index/job.ts'
import { storageDaysJob } from '../usage/storage-days-job.ts'
import { payoutJob } from '../payout/job.ts'
import { plansJob } from '../plans/job.ts'
import { quotaJobs } from '../quota/job.ts'
import { queueJob } from '../queue/job.ts'
import { closingJob } from '../statements/job.ts'
import { statementWebhookJobs } from '../statements/webhook.ts'
import { stripeJobs } from '../stripe/open.ts'
import { retentionJob } from './retention.ts'

/** Work that comes back. One run of a job ends before its next begins. */
export interface Job {
  readonly name: string
  /** Pause from the end of one run to the start of the next, in ms. */
  readonly everyMs: number
  /** Longest pause while it fails: each failure doubles the pause. By default it stays the same. */
  readonly retryMsMax?: number
  /** Aborted when accounting closes; what it leaves undone the next start does. */
  run(signal: AbortSignal): Promise<void>
}

/** The jobs of a deployment. */
export function accountingJobs(parts: AccountingParts): readonly Job[] {
  return [
    closingJob(parts),
    epochsJob(parts),
    receiptIndexJob(parts),
    domainIndexJob(parts),
    payoutJob(parts),
    storageDaysJob(parts),
    ...egressJobs(parts),
    queueJob(parts),
    plansJob(parts),
    ...quotaJobs(parts),
    ...statementWebhookJobs(parts),
    ...stripeJobs(parts),
    retentionJob(parts, () => Math.min(egressReadBefore(parts), domainsReadBefore(parts))),
  ]
}

/** Hears that a job fails, and with undefined that it goes well again. */
export type OnJob = (name: string, fault: unknown) => void

/**
 * Runs jobs until it is stopped, each on its own: one that fails tries again after its pause, and
 * keeps no other from its work.
 *
 * @returns stops them: aborts what is under way, and resolves when it has ended
 * @example
 * const stop = runJobs(jobs, (name, fault) => log.error({ name, err: fault }))
 */
export function runJobs(jobs: readonly Job[], onJob: OnJob): () => Promise<void> {
  const stopping = new AbortController()
  const running = jobs.map((job) => repeat(job, stopping.signal, onJob))
  return async () => {
    stopping.abort()
    await Promise.all(running)
  }
}

async function repeat(job: Job, signal: AbortSignal, onJob: OnJob): Promise<void> {
  let failures = 0
  while (!signal.aborted) {
    try {
      await job.run(signal)
      if (failures > 0) onJob(job.name, undefined)
      failures = 0
    } catch (error) {
      if (signal.aborted) return
      if (failures === 0) onJob(job.name, error)
      failures += 1
    }
    await pause(pauseMs(job, failures), signal)
  }
}

type Pauses = Pick<Job, 'everyMs' | 'retryMsMax'>

/** Pause after a run, and after so many failures in a row. */
export function pauseMs({ everyMs, retryMsMax = everyMs }: Pauses, failures: number): number {
  return failures === 0 ? everyMs : Math.min(everyMs * 2 ** failures, retryMsMax)
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end, { once: true })
    function end(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
  })
}
