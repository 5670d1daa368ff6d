/**
 * The Stripe sink of a deployment: its key, its jobs, and what commands ask of it.
 * @module
 */
import { readFile } from 'node:fs/promises'
import {
  RECONCILE_EVERY_MS,
  RECONCILE_LISTED_MAX,
  STRIPE_EVERY_MS,
  STRIPE_IDENTIFIER_MS,
} from '@turnpike/core/limits/billing'
import { fail, ok } from '@turnpike/core/result'
import type { Job } from '../accounting/jobs.ts'
import type { AccountingParts } from '../accounting/parts.ts'
import type { Settings } from '../config/settings.ts'
import type { Operation } from '../control/server.ts'
import { InvalidParams } from '../owner/params.ts'
import { openStripe, type StripeApi } from './client.ts'
import { fillOutbox } from './fill.ts'
import { InvalidStripeId, StripeOutbox } from './outbox.ts'
import { reconcile, Unreconciled } from './reconcile.ts'
import { sendDue } from './send.ts'

/** Names of the sink's operations. */
export const STRIPE_OPERATIONS = [
  'reconcile',
  'stripeMap',
  'stripeRedrive',
  'stripeStatus',
] as const

/** Name of one of them. */
export type StripeOperation = (typeof STRIPE_OPERATIONS)[number]

/** Events did not get to Stripe, and will not by themselves. */
export class StripeStuck extends Error {
  override readonly name = 'StripeStuck'
  constructor(failed: number, reason: string) {
    super(`${failed} events for Stripe failed, the first: ${reason}; see turnpike stripe status`)
  }
}

/** The file of the key has no key of Stripe in its first line. */
export class InvalidStripeKey extends Error {
  override readonly name = 'InvalidStripeKey'
  constructor(path: string) {
    super(`${path} expected a secret key of Stripe (sk_… or rk_…) in its first line`)
  }
}

/** Stripe's API as the settings say; undefined where nothing is sent there. */
export async function stripeOf({
  stripeKey,
  stripeApi,
}: Pick<Settings, 'stripeKey' | 'stripeApi'>): Promise<StripeApi | undefined> {
  if (stripeKey === undefined) return undefined
  const [key] = (await readFile(stripeKey, 'utf8')).split('\n')
  if (!/^[sr]k_\w+$/.test(key!.trim())) throw new InvalidStripeKey(stripeKey)
  return openStripe(key!.trim(), stripeApi)
}

/**
 * Jobs of the sink: sending, where a key is set, and the daily reconciliation. What fails in them
 * is an alert.
 */
export function stripeJobs(parts: AccountingParts): readonly Job[] {
  const { settings, billing, clock, random } = parts
  const outbox = new StripeOutbox(billing)
  const reconciling: Job = {
    name: 'reconcile',
    everyMs: RECONCILE_EVERY_MS,
    async run() {
      const compared = await reconcile(parts, await stripeOf(settings))
      if (compared.error !== undefined) throw compared.error
      if (!compared.ok.isEqual) throw new Unreconciled(compared.ok.differences)
    },
  }
  if (settings.stripeKey === undefined) return [reconciling]
  const sending: Job = {
    name: 'stripe',
    everyMs: STRIPE_EVERY_MS,
    async run(signal) {
      const api = (await stripeOf(settings))!
      for (let more = true; more && !signal.aborted;) {
        const filled = await fillOutbox(parts, outbox)
        if (filled.error !== undefined) throw filled.error
        more = filled.ok.more
      }
      await sendDue({ outbox, api, clock, random }, signal)
      for (const meterId of (await api.meters()).values())
        for (const late of await api.lateRefusals(meterId, clock.nowMs() - STRIPE_IDENTIFIER_MS))
          outbox.refusedLater(late.identifier, late.reason)
      const { failed } = outbox.counts()
      if (failed > 0) throw new StripeStuck(failed, outbox.stuck(0, 1)[0]!.reason)
    },
  }
  return [sending, reconciling]
}

/**
 * Operations for commands: `reconcile {correct?}`, `stripeMap {customer, stripeId}`,
 * `stripeRedrive`, `stripeStatus`.
 */
export function stripeOperations(
  parts: AccountingParts,
): Readonly<Record<StripeOperation, Operation>> {
  const outbox = new StripeOutbox(parts.billing)
  return {
    async reconcile(params) {
      const { correct = false } = (params ?? {}) as Readonly<Record<string, unknown>>
      if (typeof correct !== 'boolean')
        return fail(new InvalidParams('reconcile expected { correct? }'))
      return reconcile(parts, await stripeOf(parts.settings), correct)
    },
    async stripeMap(params) {
      const { customer, stripeId } = (params ?? {}) as Readonly<Record<string, unknown>>
      if (typeof customer !== 'string' || typeof stripeId !== 'string')
        return fail(new InvalidParams('stripeMap expected { customer, stripeId }'))
      try {
        outbox.map(customer, stripeId)
      } catch (error) {
        if (error instanceof InvalidStripeId) return fail(error)
        throw error
      }
      return ok({ customer, stripeId })
    },
    stripeRedrive: async () => ok({ redriven: outbox.redrive() }),
    stripeStatus: async () =>
      ok({
        ...outbox.counts(),
        customers: outbox.mapped(),
        stuck: outbox.stuck(0, RECONCILE_LISTED_MAX),
      }),
  }
}
