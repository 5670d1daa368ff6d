/**
 * `POST /receipts/ack`: where a reader says what it got.
 * @module
 */
import { InvalidAck, parseAck } from '@turnpike/core/acks/receipt-ack'
import {
  ACK_BODY_BYTES_MAX,
  ACK_TIMEOUT_MS,
  ACKS_BURST,
  ACKS_IN_FLIGHT_MAX,
  ACKS_PER_MINUTE,
} from '@turnpike/core/limits/read-receipts'
import { BODIES_READ_MAX } from '@turnpike/core/limits/ucan'
import type { Clock } from '@turnpike/core/ports/runtime'
import { TokenBuckets } from '@turnpike/gateway/admission/token-buckets'
import type { Observer } from '@turnpike/gateway/observer'
import { jsonAnswer, textAnswer, type ServiceAnswer } from '@turnpike/service/answer'
import type { HandTo } from '../config/handover.ts'
import { callOwner } from '../control/client.ts'
import type { Asked, Route } from '../front-door/routes.ts'
import { Bodies } from '../http/bodies.ts'
import { AWAY, countedElsewhere } from '../receipts/away.ts'
import type { AckAnswer } from './operation.ts'

/** What the route is made of. */
export interface AckRouteOptions {
  readonly dataDir: string
  readonly observer: Observer
  readonly clock: Clock
  /** Processes that serve. */
  readonly processes: number
  /** Who counts what is read here, when it is another. */
  readonly handTo: HandTo | undefined
}

const SECOND_MS = 1000
const RETRY_AFTER = ['Retry-After', '2'] as const

/**
 * The route. A process that serves only looks whether a body is an acknowledgement, and how many
 * come; signature and read are checked on the accounting thread of the folder's owner.
 *
 * @example
 * const routes = ackRoutes({ dataDir, observer, clock: nodeClock, processes: 1, handTo })
 */
export function ackRoutes(options: AckRouteOptions): readonly Route[] {
  const { processes, clock } = options
  const inFlightMax = Math.max(1, Math.floor(ACKS_IN_FLIGHT_MAX / processes))
  const bodies = new Bodies(BODIES_READ_MAX)
  const rate = new TokenBuckets({
    clock,
    tokensPerMinute: Math.ceil(ACKS_PER_MINUTE / processes),
    burstTokens: Math.ceil(ACKS_BURST / processes),
    keysMax: 1,
  })
  const elsewhere = countedElsewhere(options.handTo)
  let inFlight = 0
  const answer = async ({ request }: Asked): Promise<ServiceAnswer> => {
    if (elsewhere !== undefined) return elsewhere
    const waitMs = rate.take('')
    if (waitMs > 0) {
      const seconds = String(Math.ceil(waitMs / SECOND_MS))
      return textAnswer(429, 'too many acknowledgements: try again', [['Retry-After', seconds]])
    }
    const body = await bodies.read(request, ACK_BODY_BYTES_MAX)
    if (body === undefined) return textAnswer(413, `expected at most ${ACK_BODY_BYTES_MAX} bytes`)
    if (body === 'crowded' || inFlight >= inFlightMax) return busy()
    const ack = new TextDecoder().decode(body)
    const { error } = parseAck(ack)
    if (error instanceof InvalidAck) return textAnswer(400, error.message)
    inFlight += 1
    try {
      return await take(ack, options)
    } finally {
      inFlight -= 1
    }
  }
  return [{ name: 'receipts-ack', method: 'POST', path: '/receipts/ack', answer }]
}

async function take(ack: string, { dataDir, observer }: AckRouteOptions): Promise<ServiceAnswer> {
  const signal = AbortSignal.timeout(ACK_TIMEOUT_MS)
  const called = await callOwner(dataDir, 'receiptAck', { ack }, { signal })
  if (called.error !== undefined) {
    if (!AWAY.has(called.error.name)) observer.crash(called.error)
    return busy()
  }
  const { status, text } = called.ok as AckAnswer
  if (status < 300) return { ...jsonAnswer({ already: status === 200 }, 0), status }
  return textAnswer(status, text, status === 404 || status === 503 ? [RETRY_AFTER] : [])
}

function busy(): ServiceAnswer {
  return textAnswer(503, 'acknowledgements can not be taken now: try again', [RETRY_AFTER])
}
