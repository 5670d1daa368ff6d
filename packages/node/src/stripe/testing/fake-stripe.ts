/**
 * A local server with the shapes that Stripe publishes for meters and meter events: identifiers are
 * unique for 24 hours, timestamps go 35 days back and 5 minutes ahead, one call at a time for each
 * customer and meter, sums by the hour, and reports of what is refused later.
 * Source: docs.stripe.com/api/billing/meter-event, meter, meter-event-summary; v2/core/events.
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

const DAY_MS = 86_400_000
const PAST_MS = 35 * DAY_MS
const AHEAD_MS = 300_000
const HOUR_S = 3600

/** What befalls a call: it fails before it does anything, or after it has. */
export type Fault = '429' | '500' | '500 after' | 'timeout after' | 'refused later'

/** An event that was taken. */
export interface TakenEvent {
  readonly identifier: string
  readonly meter: string
  readonly customer: string
  readonly value: bigint
  /** Seconds since the Unix epoch. */
  readonly timestamp: number
  readonly takenMs: number
}

interface Report {
  readonly id: string
  readonly meterId: string
  readonly created: string
  readonly identifier: string
}

/** Stripe, as far as the sink uses it. Its clock is the test's. */
export class FakeStripe {
  readonly events: TakenEvent[] = []
  readonly customers: Set<string> = new Set(['cus_alice', 'cus_bob'])
  readonly meterIds: ReadonlyMap<string, string> = new Map([
    ['turnpike_egress_bytes', 'mtr_egress'],
    ['turnpike_storage_byte_hours', 'mtr_storage'],
  ])
  /** Faults of the calls to come, first the next. */
  readonly faults: (Fault | undefined)[] = []
  /** Most calls that were under way at once for one customer and meter. */
  overlapMax: number = 0
  /** Idempotency keys and API versions that came. */
  readonly headers: { readonly idempotencyKey: string | undefined; readonly version: string }[] = []
  readonly #reports: Report[] = []
  readonly #open = new Map<string, number>()
  readonly #nowMs: () => number
  readonly #server: Server

  private constructor(nowMs: () => number) {
    this.#nowMs = nowMs
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  static async listen(nowMs: () => number): Promise<FakeStripe> {
    const stripe = new FakeStripe(nowMs)
    await new Promise<void>((resolve) => stripe.#server.listen(0, '127.0.0.1', resolve))
    return stripe
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** What a meter has of a customer. */
  sum(customer: string, meter: string): bigint {
    return this.events
      .filter((event) => event.customer === customer && event.meter === meter)
      .reduce((sum, event) => sum + event.value, 0n)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const url = new URL(request.url!, 'http://stripe')
    const path = url.pathname
    if (path === '/v1/billing/meter_events') {
      const body = new URLSearchParams(Buffer.concat(chunks).toString())
      this.headers.push({
        idempotencyKey: request.headers['idempotency-key'] as string | undefined,
        version: String(request.headers['stripe-version']),
      })
      return this.#event(body, response)
    }
    const summaries = /^\/v1\/billing\/meters\/(\w+)\/event_summaries$/.exec(path)
    if (summaries !== null) return this.#summaries(summaries[1]!, url.searchParams, response)
    if (path === '/v1/billing/meters') {
      const data = [...this.meterIds].map(([name, id]) => ({
        id,
        object: 'billing.meter',
        event_name: name,
        status: 'active',
      }))
      return send(response, 200, { object: 'list', data, has_more: false, url: path })
    }
    if (path === '/v2/core/events') {
      const data = this.#reports
        .filter(({ meterId }) => meterId === url.searchParams.get('object_id'))
        .map(({ id, created }) => ({ id, created, object: 'v2.core.event', type: REPORT_TYPE }))
      return send(response, 200, { data: data.toReversed(), next_page_url: null })
    }
    const report = this.#reports.find(({ id }) => path === `/v2/core/events/${id}`)
    if (report !== undefined) return send(response, 200, reportJson(report))
    send(response, 404, { error: { type: 'invalid_request_error', message: `no ${path}` } })
  }

  async #event(body: URLSearchParams, response: ServerResponse): Promise<void> {
    const customer = body.get('payload[stripe_customer_id]')!
    const key = `${body.get('event_name')} ${customer}`
    const open = (this.#open.get(key) ?? 0) + 1
    this.#open.set(key, open)
    this.overlapMax = Math.max(this.overlapMax, open)
    await new Promise((resolve) => setTimeout(resolve, 2))
    this.#open.set(key, this.#open.get(key)! - 1)
    const fault = this.faults.shift()
    if (fault === '429') return fail(response, 429, 'rate_limit', 'Too many requests')
    if (fault === '500') return fail(response, 500, undefined, 'An error occurred')
    const refusal = this.#take(body, fault)
    if (fault === '500 after') return fail(response, 500, undefined, 'An error occurred')
    if (fault === 'timeout after') return void response.destroy()
    if (refusal !== undefined) return fail(response, 400, undefined, refusal)
    send(response, 200, {
      object: 'billing.meter_event',
      created: Math.floor(this.#nowMs() / 1000),
      event_name: body.get('event_name'),
      identifier: body.get('identifier'),
      livemode: false,
      payload: { stripe_customer_id: customer, value: body.get('payload[value]') },
      timestamp: Number(body.get('timestamp')),
    })
  }

  /** Takes an event, or says why not. */
  #take(body: URLSearchParams, fault: Fault | undefined): string | undefined {
    const nowMs = this.#nowMs()
    const identifier = body.get('identifier')!
    const meter = body.get('event_name')!
    const customer = body.get('payload[stripe_customer_id]')!
    const timestamp = Number(body.get('timestamp'))
    const meterId = this.meterIds.get(meter)
    if (meterId === undefined) return `No active meter found for event name ${meter}`
    if (!/^-?\d{1,15}$/.test(body.get('payload[value]')!)) return 'Invalid value'
    if (identifier.length > 100) return 'Invalid identifier'
    if (timestamp * 1000 < nowMs - PAST_MS) return 'timestamp must be within the past 35 days'
    if (timestamp * 1000 > nowMs + AHEAD_MS) return 'timestamp is too far in the future'
    const known = this.events.find(
      (event) => event.identifier === identifier && nowMs - event.takenMs < DAY_MS,
    )
    if (known !== undefined) return `An event already exists with identifier ${identifier}.`
    if (fault === 'refused later' || !this.customers.has(customer)) {
      const id = `evt_${this.#reports.length + 1}`
      const created = new Date(nowMs).toISOString()
      this.#reports.push({ id, meterId, created, identifier })
      return undefined
    }
    const value = BigInt(body.get('payload[value]')!)
    this.events.push({ identifier, meter, customer, value, timestamp, takenMs: nowMs })
    return undefined
  }

  #summaries(meterId: string, query: URLSearchParams, response: ServerResponse): void {
    const [from, to] = [Number(query.get('start_time')), Number(query.get('end_time'))]
    if (query.get('value_grouping_window') !== 'hour' || from % HOUR_S !== 0 || to % HOUR_S !== 0)
      return fail(response, 400, undefined, 'times must be aligned with the grouping window')
    const hours = new Map<number, bigint>()
    for (const { meter, customer, value, timestamp } of this.events) {
      const isMeant = this.meterIds.get(meter) === meterId && customer === query.get('customer')
      if (!isMeant || timestamp < from || timestamp >= to) continue
      const hour = Math.floor(timestamp / HOUR_S) * HOUR_S
      hours.set(hour, (hours.get(hour) ?? 0n) + value)
    }
    const after = Number(query.get('starting_after')?.slice('mtrusg_'.length) ?? -1)
    const left = [...hours].filter(([hour]) => hour > after).toSorted((a, b) => a[0] - b[0])
    const limit = Number(query.get('limit') ?? 10)
    const data = left.slice(0, limit).map(([hour, value]) => ({
      id: `mtrusg_${hour}`,
      object: 'billing.meter_event_summary',
      aggregated_value: Number(value),
      start_time: hour,
      end_time: hour + HOUR_S,
      meter: meterId,
      livemode: false,
    }))
    const url = `/v1/billing/meters/${meterId}/event_summaries`
    send(response, 200, { object: 'list', data, has_more: left.length > limit, url })
  }
}

const REPORT_TYPE = 'v1.billing.meter.error_report_triggered'

function reportJson({ id, created, meterId, identifier }: Report): object {
  const sample = { error_message: 'No such customer', request: { identifier } }
  const code = 'meter_event_customer_not_found'
  return {
    id,
    object: 'v2.core.event',
    type: REPORT_TYPE,
    created,
    livemode: false,
    related_object: { id: meterId, type: 'billing.meter', url: `/v1/billing/meters/${meterId}` },
    data: {
      developer_message_summary: 'There is 1 invalid event',
      reason: {
        error_count: 1,
        error_types: [{ code, error_count: 1, sample_errors: [sample] }],
      },
      validation_start: created,
      validation_end: created,
    },
  }
}

function fail(
  response: ServerResponse,
  status: number,
  code: string | undefined,
  message: string,
): void {
  const type = status === 400 ? 'invalid_request_error' : 'api_error'
  send(response, status, { error: { type, message, ...(code !== undefined && { code }) } })
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_test' })
  response.end(JSON.stringify(body))
}
