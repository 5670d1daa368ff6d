/**
 * `GET /receipts/<id>`: one receipt with its proof, for who signs for it in the name of its space.
 * Source: docs/reference/receipts-http.md.
 * @module
 */
import type { InvocationJudge } from '@turnpike/core/retrieve/invocations'
import { RECEIPT_LOOKUPS_MAX, RECEIPT_LOOKUP_TIMEOUT_MS } from '@turnpike/core/limits/receipt-index'
import { AGENT_MESSAGE_FIELD } from '@turnpike/core/retrieve/header'
import { RECEIPT_GET, receiptWanted } from '@turnpike/core/retrieve/receipt-caveats'
import type { GatewayRequest } from '@turnpike/gateway/request'
import { missingProofsAnswer, refusalAnswer } from '@turnpike/gateway/retrieving'
import type { Observer } from '@turnpike/gateway/observer'
import { fail } from '@turnpike/core/result'
import { type ServiceAnswer, textAnswer } from '@turnpike/service/answer'
import type { Asked } from '../front-door/routes.ts'
import type { CallResult } from '../control/client.ts'
import { AWAY } from './away.ts'
import type { ReceiptProof } from './operations.ts'

/** What the route is made of. */
export interface ReceiptRouteOptions {
  readonly observer: Observer
  /** Processes that serve. */
  readonly processes: number
  readonly judge: Pick<InvocationJudge, 'examine'>
  /** Calls `receiptProof` of the folder's owner. */
  readonly prove: (params: ProofWish, signal: AbortSignal) => Promise<CallResult>
}

/** Which receipt is to be proven, of whose reads. */
export interface ProofWish {
  readonly receipt: string
  readonly space: string
  readonly anchored: boolean
}

/** A public receipt id, as `X-Receipt-Id` has it. */
const RECEIPT = /^[0-9a-f]{32}$/
const RETRY_AFTER = ['Retry-After', '2'] as const
const VARY = ['Vary', 'X-Agent-Message, Accept'] as const
/** A read is in the log, and found, about two seconds after its answer ended. */
const NOT_HERE =
  'the space expected to have a read with this receipt, has none: ' +
  'if its answer has just ended, try again in some seconds'

/**
 * Answers for receipts. Whether there is one that is another space's is not told.
 *
 * @example
 * const answer = receiptAnswers(options)({ rest: '0f1e…', url, request })
 */
export function receiptAnswers(
  options: ReceiptRouteOptions,
): (asked: Asked) => Promise<ServiceAnswer> | undefined {
  const prove = bounded(options)
  const answer = async (asked: Asked): Promise<ServiceAnswer> => {
    const value = asked.request.headers.get(AGENT_MESSAGE_FIELD)
    if (value === null)
      return textAnswer(
        401,
        `expected an invocation of ${RECEIPT_GET} {receipt} in X-Agent-Message: ` +
          'receipts are shown to who signs for their space',
        [['WWW-Authenticate', 'UCAN'], VARY],
      )
    return judged(asked, value, { ...options, prove })
  }
  return (asked) => (RECEIPT.test(asked.rest) ? answer(asked) : undefined)
}

/**
 * So many look-ups at once. Who is still judged holds no place: the key of who signed may have to
 * be fetched from a host of theirs, which answers as slowly as it likes.
 */
function bounded({ prove, processes }: ReceiptRouteOptions): ReceiptRouteOptions['prove'] {
  const inFlightMax = Math.max(1, Math.floor(RECEIPT_LOOKUPS_MAX / processes))
  let inFlight = 0
  return async (wish, signal) => {
    if (inFlight >= inFlightMax) return fail(new TooManyLookups())
    inFlight += 1
    try {
      return await prove(wish, signal)
    } finally {
      inFlight -= 1
    }
  }
}

class TooManyLookups extends Error {
  override readonly name = 'Busy'
}

async function judged(
  { rest: receipt, url, request: { signal, headers } }: Asked,
  value: string,
  { judge, prove, observer }: ReceiptRouteOptions,
): Promise<ServiceAnswer> {
  const granted = await judge.examine({ value, signal, wanted: receiptWanted(receipt) })
  if (granted.error?.name === 'MissingProofs') return missingProofsAnswer(granted.error)
  if (granted.error) return refusalAnswer(granted.error)
  const anchored = url.searchParams.has('anchored')
  const timeout = AbortSignal.timeout(RECEIPT_LOOKUP_TIMEOUT_MS)
  const called = await prove({ receipt, space: granted.ok.space, anchored }, timeout)
  if (called.ok !== undefined) {
    // Only what shows a receipt is remembered.
    const spent = granted.ok.spend()
    return spent.error
      ? refusalAnswer(spent.error)
      : receiptAnswer(called.ok as ReceiptProof, headers)
  }
  if (called.error.name === 'NotAnchored') return textAnswer(404, called.error.message, [VARY])
  if (called.error.name === 'NoSuchRead') return textAnswer(404, NOT_HERE, [RETRY_AFTER, VARY])
  if (!AWAY.has(called.error.name)) observer.crash(called.error)
  return textAnswer(503, 'receipts can not be looked up now: try again', [RETRY_AFTER, VARY])
}

/** JSON, or the bare file for who wants text. */
function receiptAnswer(proof: ReceiptProof, headers: GatewayRequest['headers']): ServiceAnswer {
  const isText = /^\s*text\/plain\b/i.test(headers.get('accept') ?? '')
  const text = isText ? proof.proof : `${JSON.stringify(proof, null, 2)}\n`
  const type = isText ? 'text/plain; charset=utf-8' : 'application/json'
  return {
    status: 200,
    headers: [['Content-Type', type], ['Cache-Control', 'private, no-store'], VARY],
    body: new TextEncoder().encode(text),
  }
}
