/**
 * The job that tells of quotas: it looks at who has limits, and sends what is to be told.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { type QuotaEvent, quotaEvents, type Told } from '@turnpike/accounting/quota/events'
import { quotaOf } from '@turnpike/accounting/quota/quota'
import { consume, type QueueHandler } from '@turnpike/accounting/queue/consumer'
import { isLimited, limitingPlan } from '@turnpike/core/billing/plan'
import { planAt } from '@turnpike/core/billing/plan-terms'
import type { QuotaState } from '@turnpike/core/billing/quota-state'
import {
  QUOTA_WATCH_MS,
  QUOTA_WEBHOOK_BATCH,
  QUOTA_WEBHOOK_TIMEOUT_MS,
} from '@turnpike/core/limits/billing'
import type { Job } from '../accounting/jobs.ts'
import type { AccountingParts } from '../accounting/parts.ts'
import { transact } from '../catalog/database.ts'
import { SqliteQueueKeeper } from '../queue/keeper.ts'
import { SqliteQueue } from '../queue/queue.ts'
import { openQuotas, type FolderQuotas } from './sources.ts'
import { sendWebhook, webhookTarget, type WebhookTarget } from './webhook.ts'

/** Topic of what is to be told. */
export const QUOTA_TOPIC = 'quota-webhook'

/** Columns of what was told. */
interface ToldRow {
  readonly first_epoch: number
  readonly threshold: number
  readonly state: QuotaState
  readonly changes: number
}

/** What the job works with. */
export type QuotaJobParts = Pick<
  AccountingParts,
  'settings' | 'billing' | 'catalog' | 'clock' | 'random' | 'hasher' | 'ledger' | 'plans'
>

/** The job; none where nobody is to be told. */
export function quotaJobs(parts: QuotaJobParts): readonly Job[] {
  const { quotaWebhook } = parts.settings
  if (quotaWebhook === undefined || ![...parts.plans.byId.values()].some(isLimited)) return []
  const { billing, clock, random } = parts
  const queue = new SqliteQueue(billing, clock)
  const quotas = openQuotas(parts)
  // This is the topic's only consumer, since one process owns the folder: nobody holds anything.
  new SqliteQueueKeeper(billing, clock).wake(QUOTA_TOPIC)
  let after: string | undefined
  return [
    {
      name: 'quota-webhook',
      everyMs: QUOTA_WATCH_MS,
      async run(signal) {
        const seen = await lookAt(parts, { quotas, queue }, after)
        after = seen.last
        const target = webhookTarget('quotaWebhook', quotaWebhook, parts.settings)
        await consume(handlerOf(target, parts), { queue, clock, random }, signal)
        if (seen.fault !== undefined) throw seen.fault
      },
    },
  ]
}

/** Which customers were looked at. */
interface Seen {
  /** The last of them; undefined when they were the last of all. */
  readonly last: string | undefined
  /** Why nothing could be said of one of them. */
  readonly fault: Error | undefined
}

/** Looks at the next customers, and puts down what is to be told of them. */
async function lookAt(
  parts: QuotaJobParts,
  { quotas, queue }: { readonly quotas: FolderQuotas; readonly queue: SqliteQueue },
  after: string | undefined,
): Promise<Seen> {
  let fault: Error | undefined
  const customers = quotas.owners.customers(after)
  const epoch = quotas.epoch()
  const sources = quotas.sources()
  for (const customer of customers) {
    const term = planAt(quotas.owners.plansOf(customer.did), epoch)
    if (!isLimited(limitingPlan(parts.plans, term?.plan))) continue
    const found = await quotaOf(sources, customer, epoch)
    fault ??= found.error
    const quota = found.ok?.quota
    if (quota === undefined) continue
    const nowMs = parts.clock.nowMs()
    const nameOf = (of: string): string =>
      Buffer.from(parts.hasher.sha256(Buffer.from(of))).toString('hex')
    transact(parts.billing, () => {
      const before = toldOf(parts.billing, customer.did)
      const { events, told } = quotaEvents(before, quota, { nowMs, nameOf })
      if (events.length > 0) put(queue, events)
      keepTold(parts.billing, customer.did, told)
    })
  }
  return { last: customers.at(-1)?.did, fault }
}

function put(queue: SqliteQueue, events: readonly QuotaEvent[]): void {
  const { error } = queue.put(
    events.map((event) => ({
      topic: QUOTA_TOPIC,
      key: event.id,
      body: Buffer.from(JSON.stringify(event)),
    })),
  )
  if (error !== undefined) throw error
}

function toldOf(billing: DatabaseSync, customer: string): Told | undefined {
  const row = billing.prepare('SELECT * FROM quota_told WHERE customer = ?').get(customer) as
    | ToldRow
    | undefined
  if (row === undefined) return undefined
  const { first_epoch: firstEpoch, threshold, state, changes } = row
  return { firstEpoch, threshold, state, changes }
}

function keepTold(billing: DatabaseSync, customer: string, told: Told): void {
  const { firstEpoch, threshold, state, changes } = told
  billing
    .prepare('INSERT OR REPLACE INTO quota_told VALUES (?, ?, ?, ?, ?)')
    .run(customer, firstEpoch, threshold, state, changes)
}

function handlerOf(target: WebhookTarget, { clock }: QuotaJobParts): QueueHandler {
  return {
    topic: QUOTA_TOPIC,
    batchMax: QUOTA_WEBHOOK_BATCH,
    visibilityMs: 2 * QUOTA_WEBHOOK_BATCH * QUOTA_WEBHOOK_TIMEOUT_MS,
    async handle(messages, signal) {
      const outcomes = []
      for (const { key: id, body } of messages) {
        const message = { id, body }
        const sent = sendWebhook(target, message, { nowMs: clock.nowMs(), signal })
        const outcome = await sent.then(
          () => ({ kind: 'done' }) as const,
          (error: unknown) => ({ kind: 'retry', reason: String(error) }) as const,
        )
        outcomes.push(outcome)
      }
      return outcomes
    },
  }
}
