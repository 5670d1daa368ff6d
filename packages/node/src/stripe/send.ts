/**
 * Sends what the outbox has: one call at a time for each customer and meter, each event once.
 * @module
 */
import {
  STRIPE_AHEAD_MS,
  STRIPE_CALLS_MAX,
  STRIPE_EVENTS_MAX,
  STRIPE_IDENTIFIER_MS,
  STRIPE_PAST_MS,
  STRIPE_RETRY_MS,
  STRIPE_RETRY_MS_MAX,
} from '@turnpike/core/limits/billing'
import type { Clock, Random } from '@turnpike/core/ports/runtime'
import { eventSecond, type StripeApi } from './client.ts'
import type { OutboxEvent, StripeOutbox } from './outbox.ts'

/** What sending works with. */
export interface SendDeps {
  readonly outbox: StripeOutbox
  readonly api: StripeApi
  readonly clock: Pick<Clock, 'nowMs'>
  readonly random: Random
}

/** What a turn of sending did. */
export interface Sent {
  readonly sent: number
  /** Events that Stripe can't or won't take: somebody has to look at them. */
  readonly failed: number
  /** Events that are to be tried again. */
  readonly retried: number
}

type Outcome = keyof Sent

/**
 * Sends events that are due, at most `STRIPE_EVENTS_MAX`.
 *
 * An attempt whose answer got lost may have reached Stripe. Within a day its identifier tells;
 * later the hour's sum at Stripe is read before it is sent again. Events of one customer and meter
 * stop at the first that has to wait.
 *
 * @example
 * const { sent, failed } = await sendDue({ outbox, api, clock, random }, signal)
 */
export async function sendDue(deps: SendDeps, signal: AbortSignal): Promise<Sent> {
  const done = { sent: 0, failed: 0, retried: 0 }
  const events = deps.outbox.due(deps.clock.nowMs(), STRIPE_EVENTS_MAX)
  const lanes = [...Map.groupBy(events, (event) => `${event.meter} ${event.stripeId}`).values()]
  const sender = new Sender(deps)
  const work = async (): Promise<void> => {
    for (let lane = lanes.shift(); lane !== undefined; lane = lanes.shift())
      for (const event of lane) {
        if (signal.aborted) return
        const outcome = await sender.send(event)
        done[outcome]++
        if (outcome === 'retried') break
      }
  }
  await Promise.all(Array.from({ length: STRIPE_CALLS_MAX }, work))
  return done
}

class Sender {
  readonly #deps: SendDeps
  #meters: Promise<ReadonlyMap<string, string>> | undefined

  constructor(deps: SendDeps) {
    this.#deps = deps
  }

  async send(event: OutboxEvent): Promise<Outcome> {
    const { outbox, api, clock } = this.#deps
    const nowMs = clock.nowMs()
    if (nowMs - eventSecond(event.epoch) * 1000 > STRIPE_PAST_MS)
      return this.#fail(event, 'older than the 35 days that Stripe takes: invoice it by hand')
    const takenMs = eventSecond(event.epoch) * 1000 - STRIPE_AHEAD_MS
    if (takenMs > nowMs) return this.#wait(event, takenMs)
    if (event.triedMs !== undefined && nowMs - event.triedMs > STRIPE_IDENTIFIER_MS) {
      const known = await this.#look(event)
      if (known !== undefined) return known
    }
    // Put down first: after a crash it is known that Stripe may have it.
    outbox.trying(event.id, nowMs)
    const outcome = await api.send(event)
    if (outcome.kind === 'unsure') return this.#retry(event, outcome.reason)
    if (outcome.kind === 'refused') return this.#fail(event, outcome.reason)
    outbox.sent(event.id, clock.nowMs())
    return 'sent'
  }

  /** Whether Stripe has an event whose identifier it has forgotten; undefined when it hasn't. */
  async #look(event: OutboxEvent): Promise<Outcome | undefined> {
    const { outbox, api, clock } = this.#deps
    const { id, customer, meter, stripeId, epoch, value } = event
    const span = { firstEpoch: epoch, endEpoch: epoch + 1 }
    const others = outbox.sum(customer, meter, span, 'sent')
    try {
      this.#meters ??= api.meters()
      const meterId = (await this.#meters).get(meter)
      if (meterId === undefined) return this.#fail(event, `Stripe has no active meter ${meter}`)
      const total = await api.total(meterId, stripeId, span)
      if (total === others + value) {
        outbox.sent(id, clock.nowMs())
        return 'sent'
      }
      if (total !== others)
        return this.#fail(event, `Stripe has ${total} in this hour, expected ${others}`)
      outbox.notThere(id)
      return undefined
    } catch (error) {
      this.#meters = undefined
      return this.#retry(event, error instanceof Error ? error.message : String(error))
    }
  }

  /** Waits twice as long each time, and somewhat less by chance, so that not all come at once. */
  #retry({ id, attempts }: OutboxEvent, reason: string): Outcome {
    const { outbox, clock, random } = this.#deps
    const longest = Math.min(STRIPE_RETRY_MS_MAX, STRIPE_RETRY_MS * 2 ** Math.min(attempts, 20))
    const waitMs = Math.ceil(longest * (0.5 + random.bytes(1)[0]! / 512))
    outbox.retry(id, clock.nowMs() + waitMs, reason)
    return 'retried'
  }

  /** The log's clock ran ahead, and somebody set it back: Stripe takes no time that is to come. */
  #wait({ id }: OutboxEvent, untilMs: number): Outcome {
    this.#deps.outbox.retry(id, untilMs, 'its hour is still to come, by a clock that was set back')
    return 'retried'
  }

  #fail({ id }: OutboxEvent, reason: string): Outcome {
    this.#deps.outbox.failed(id, reason)
    return 'failed'
  }
}
