/**
 * Tells an address of the operator's choice that a month was closed.
 * @module
 */
import { consume } from '@turnpike/accounting/queue/consumer'
import type { Summary } from '@turnpike/accounting/statement/statement'
import { moneyJson, quantitiesJson } from '@turnpike/accounting/statement/text'
import { QUOTA_WEBHOOK_TIMEOUT_MS, STATEMENT_CLOSE_EVERY_MS } from '@turnpike/core/limits/billing'
import type { Job } from '../accounting/jobs.ts'
import type { AccountingParts } from '../accounting/parts.ts'
import { SqliteQueue } from '../queue/queue.ts'
import { sendWebhook, webhookTarget, type WebhookTarget } from '../quota/webhook.ts'

/** Topic of the queue that holds these messages. */
export const STATEMENT_TOPIC = 'statement-webhook'

const BATCH = 8

/** Characters of a message that names its accounts: three bytes each at most, in 64 KiB. */
const MESSAGE_CHARS_MAX = 16_384

type WebhookParts = Pick<AccountingParts, 'settings' | 'billing' | 'clock' | 'random'>

/**
 * Puts a message down, in the transaction that closes the month: it is there once, or not at all.
 * Nothing where nobody is to be told.
 */
export function announce(
  { settings, billing, clock }: Omit<WebhookParts, 'random'>,
  { period, gateway, total, accounts }: Summary,
  digest: string,
): void {
  if (settings.statementWebhook === undefined) return
  const message = {
    event: 'statements.closed',
    period: period.name,
    gateway,
    ...quantitiesJson(total),
    accounts: accounts.map(({ account, digest: own, due }) => {
      return { account, digest: own, due: due.map(moneyJson) }
    }),
    digest,
  }
  const text = JSON.stringify(message)
  // Beyond what a message holds, the summary's digest stands for its accounts.
  const short = JSON.stringify({ ...message, accounts: accounts.length })
  const body = Buffer.from(text.length <= MESSAGE_CHARS_MAX ? text : short)
  const put = new SqliteQueue(billing, clock).put([
    { topic: STATEMENT_TOPIC, key: period.name, body },
  ])
  if (put.error !== undefined) throw put.error
}

/** The job that sends the messages; none where nobody is to be told. */
export function statementWebhookJobs(parts: WebhookParts): readonly Job[] {
  const { settings, billing, clock, random } = parts
  const { statementWebhook } = settings
  if (statementWebhook === undefined) return []
  const queue = new SqliteQueue(billing, clock)
  return [
    {
      name: 'statement-webhook',
      everyMs: STATEMENT_CLOSE_EVERY_MS,
      async run(signal) {
        const target = webhookTarget('statementWebhook', statementWebhook, parts.settings)
        const handler = {
          topic: STATEMENT_TOPIC,
          batchMax: BATCH,
          visibilityMs: 2 * BATCH * QUOTA_WEBHOOK_TIMEOUT_MS,
          handle: (messages: readonly { readonly key: string; readonly body: Uint8Array }[]) =>
            Promise.all(messages.map(({ key, body }) => send(target, key, body))),
        }
        const send = async (to: WebhookTarget, id: string, body: Uint8Array) => {
          try {
            await sendWebhook(to, { id, body }, { nowMs: clock.nowMs(), signal })
            return { kind: 'done' } as const
          } catch (error) {
            return { kind: 'retry', reason: String(error) } as const
          }
        }
        await consume(handler, { queue, clock, random }, signal)
      },
    },
  ]
}
