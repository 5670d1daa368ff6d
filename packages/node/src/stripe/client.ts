/**
 * Stripe as the sink needs it, through Stripe's own package, which is loaded only here.
 * @module
 */
import type { Stripe } from 'stripe'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import type { EpochSpan } from '@turnpike/core/billing/ownership'
import { STRIPE_METERS_MAX, STRIPE_TIMEOUT_MS } from '@turnpike/core/limits/billing'

/** Version of Stripe's API that this was written for; accounts may have another default. */
const API_VERSION = '2026-10-28.endive'
const SECOND_MS = 1000
const ERROR_REPORT = 'v1.billing.meter.error_report_triggered'

/** An event as Stripe is told. */
export interface SentEvent {
  readonly meter: string
  readonly identifier: string
  readonly stripeId: string
  readonly value: bigint
  readonly epoch: number
}

/**
 * How Stripe answered: it has the event (perhaps from an earlier attempt); it may have it, or could
 * not take it now; or it will never take it.
 */
export type SendOutcome =
  | { readonly kind: 'sent' }
  | { readonly kind: 'unsure'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string }

/** An event that Stripe refused after it had taken it. */
export interface LateRefusal {
  readonly identifier: string
  readonly reason: string
}

/** What the sink asks of Stripe. Calls reject when Stripe can't be asked. */
export interface StripeApi {
  /** Sends an event. Never rejects. */
  send(event: SentEvent): Promise<SendOutcome>
  /** Ids of active meters by their event names. */
  meters(): Promise<ReadonlyMap<string, string>>
  /** What a meter has of a customer in some hours. Stripe may lag behind some minutes. */
  total(meterId: string, stripeId: string, span: EpochSpan): Promise<bigint>
  /** Events of a meter that were refused late, as far as Stripe names them, since a time. */
  lateRefusals(meterId: string, sinceMs: number): Promise<readonly LateRefusal[]>
}

/** Second that an hour's event is dated: its first, so that it is in the hour's month. */
export function eventSecond(epoch: number): number {
  return (epoch * EPOCH_MS) / SECOND_MS
}

/**
 * Opens Stripe's API.
 *
 * @param api its address, where it is not Stripe's own
 * @example
 * const stripe = await openStripe(secretKey, undefined)
 */
export async function openStripe(secretKey: string, api: string | undefined): Promise<StripeApi> {
  const { Stripe: Client } = await import('stripe')
  const url = api === undefined ? undefined : new URL(api)
  // We retry ourselves: each attempt is put down first. The package gives each call a random
  // Idempotency-Key; under one that is always the same, Stripe would repeat an old 500 for a day.
  const client = new Client(secretKey, {
    apiVersion: API_VERSION,
    maxNetworkRetries: 0,
    timeout: STRIPE_TIMEOUT_MS,
    telemetry: false,
    ...(url && {
      host: url.hostname,
      port: url.port,
      protocol: url.protocol === 'http:' ? 'http' : 'https',
    }),
  })
  return new PackagedStripe(client)
}

class PackagedStripe implements StripeApi {
  readonly #client: Stripe

  constructor(client: Stripe) {
    this.#client = client
  }

  async send({ meter, identifier, stripeId, value, epoch }: SentEvent): Promise<SendOutcome> {
    try {
      await this.#client.billing.meterEvents.create({
        event_name: meter,
        identifier,
        timestamp: eventSecond(epoch),
        payload: { stripe_customer_id: stripeId, value: String(value) },
      })
      return { kind: 'sent' }
    } catch (error) {
      return outcomeOf(error)
    }
  }

  async meters(): Promise<ReadonlyMap<string, string>> {
    const meters = new Map<string, string>()
    for await (const meter of this.#client.billing.meters.list({ status: 'active', limit: 100 })) {
      meters.set(meter.event_name, meter.id)
      if (meters.size >= STRIPE_METERS_MAX) break
    }
    return meters
  }

  async total(meterId: string, stripeId: string, span: EpochSpan): Promise<bigint> {
    let total = 0n
    const query = {
      customer: stripeId,
      start_time: eventSecond(span.firstEpoch),
      end_time: eventSecond(span.endEpoch),
      value_grouping_window: 'hour' as const,
      limit: 100,
    }
    // By hours: a sum over a month may pass 2^53, where a JSON number is not exact.
    for await (const summary of this.#client.billing.meters.listEventSummaries(meterId, query))
      total += BigInt(Math.round(summary.aggregated_value))
    return total
  }

  async lateRefusals(meterId: string, sinceMs: number): Promise<readonly LateRefusal[]> {
    const refusals: LateRefusal[] = []
    const events = this.#client.v2.core.events.list({ object_id: meterId, limit: 100 })
    for await (const { id, type, created } of events) {
      if (Date.parse(created) < sinceMs) break
      if (type !== ERROR_REPORT) continue
      const event = await this.#client.v2.core.events.retrieve(id)
      if (event.type !== ERROR_REPORT) continue
      for (const { code, sample_errors: samples } of event.data.reason.error_types)
        for (const { error_message: message, request } of samples)
          refusals.push({ identifier: request.identifier, reason: `${code}: ${message}` })
    }
    return refusals
  }
}

/** What an error of the package says about the event. */
function outcomeOf(error: unknown): SendOutcome {
  const { statusCode, message } = error as { statusCode?: number; message: string }
  // Stripe has it already: an earlier attempt whose answer got lost.
  if (statusCode === 400 && /already exists with identifier/i.test(message)) return { kind: 'sent' }
  const isFinal = statusCode !== undefined && statusCode >= 400 && statusCode < 500
  const isLater = statusCode === 429 || statusCode === 409 || statusCode === 401
  if (isFinal && !isLater) return { kind: 'refused', reason: `${statusCode}: ${message}` }
  return { kind: 'unsure', reason: `${statusCode ?? 'no answer'}: ${message}` }
}
