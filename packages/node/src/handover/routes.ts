/**
 * The route on which other hosts hand their journals on: `POST /journal-batches`.
 * @module
 */
import { readBatch, type ReceiveRules } from '@turnpike/accounting/handover/receive'
import { BATCH_TYPE } from '@turnpike/core/handover/batch'
import {
  BATCHES_IN_FLIGHT_MAX,
  BATCH_HEADER_BYTES_MAX,
  BATCH_PAYLOAD_BYTES_MAX,
  BATCH_TIMEOUT_MS,
} from '@turnpike/core/limits/inbox'
import { BODIES_READ_MAX } from '@turnpike/core/limits/ucan'
import { SIGNATURE_BYTES } from '@turnpike/core/log/encode'
import type { Observer } from '@turnpike/gateway/observer'
import { type ServiceAnswer, textAnswer } from '@turnpike/service/answer'
import { callOwner } from '../control/client.ts'
import type { Asked, Route } from '../front-door/routes.ts'
import { Bodies } from '../http/bodies.ts'
import { BATCHES_PATH } from './send.ts'
import { refusalAnswer, type BatchAnswer } from './take.ts'

/** Bytes of the largest batch. */
const BODY_BYTES_MAX = BATCH_HEADER_BYTES_MAX + SIGNATURE_BYTES + BATCH_PAYLOAD_BYTES_MAX
const RETRY_AFTER = ['Retry-After', '2'] as const

/** What the route is made of. */
export interface BatchRouteOptions extends ReceiveRules {
  readonly dataDir: string
  readonly observer: Observer
  /** Processes that serve. */
  readonly processes: number
}

/**
 * The route, when there is somebody to take batches from. A process that serves only looks whether
 * a batch is for us and from a gateway that is listed; the rest is done on the accounting thread of
 * the folder's owner, a few batches at a time.
 *
 * @example
 * const routes = batchRoutes({ dataDir, observer, processes: 1, audiences, sources })
 */
export function batchRoutes(options: BatchRouteOptions): readonly Route[] {
  if (options.sources.length === 0) return []
  const inFlightMax = Math.max(1, Math.floor(BATCHES_IN_FLIGHT_MAX / options.processes))
  const bodies = new Bodies(BODIES_READ_MAX)
  let inFlight = 0
  const answer = async ({ request }: Asked): Promise<ServiceAnswer> => {
    if (request.headers.get('content-type') !== BATCH_TYPE)
      return textAnswer(415, `expected a body of type ${BATCH_TYPE}`)
    const body = await bodies.read(request, BODY_BYTES_MAX)
    if (body === undefined) return textAnswer(413, `expected at most ${BODY_BYTES_MAX} bytes`)
    if (body === 'crowded') return busy('too many batches at once')
    const { error } = readBatch(body, options)
    if (error !== undefined) return served(refusalAnswer(error))
    if (inFlight >= inFlightMax) return busy('too many batches at once')
    inFlight += 1
    try {
      return await take(body, options)
    } finally {
      inFlight -= 1
    }
  }
  return [{ name: 'journal-batches', method: 'POST', path: BATCHES_PATH, answer }]
}

async function take(body: Uint8Array, options: BatchRouteOptions): Promise<ServiceAnswer> {
  const params = { batch: Buffer.from(body).toString('base64') }
  const signal = AbortSignal.timeout(2 * BATCH_TIMEOUT_MS)
  const called = await callOwner(options.dataDir, 'journalBatch', params, { signal })
  if (called.ok !== undefined) return served(called.ok as BatchAnswer)
  if (!AWAY.has(called.error.name)) options.observer.crash(called.error)
  return busy('batches can not be taken now')
}

/** The owner is starting, stopping or busy; anything else is a fault of ours. */
const AWAY: ReadonlySet<string> = new Set(['NobodyThere', 'ControlLost', 'ThreadEnded', 'Busy'])

function busy(what: string): ServiceAnswer {
  return textAnswer(503, `${what}: try again`, [RETRY_AFTER])
}

function served({ status, type, body }: BatchAnswer): ServiceAnswer {
  const headers = [['Content-Type', type], ...(status === 503 ? [RETRY_AFTER] : [])] as const
  return { status, headers, body: new Uint8Array(Buffer.from(body, 'base64')) }
}
