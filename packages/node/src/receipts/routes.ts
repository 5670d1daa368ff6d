/**
 * Addresses below `/receipts/`, on hosts that are the gateway's own.
 * @module
 */
import type { InvocationJudge } from '@turnpike/core/retrieve/invocations'
import { RECEIPT_LOOKUP_TIMEOUT_MS } from '@turnpike/core/limits/receipt-index'
import type { Observer } from '@turnpike/gateway/observer'
import { textAnswer } from '@turnpike/service/answer'
import type { HandTo } from '../config/handover.ts'
import { callOwner } from '../control/client.ts'
import type { Route } from '../front-door/routes.ts'
import { countedElsewhere } from './away.ts'
import type { ReceiptEdge } from './operations.ts'
import { publicAnswer } from './public-routes.ts'
import { Published } from './published.ts'
import { receiptAnswers, type ReceiptRouteOptions } from './receipt-route.ts'

/** What the routes are made of. */
export interface ReceiptRoutesOptions {
  readonly dataDir: string
  readonly observer: Observer
  /** Processes that serve. */
  readonly processes: number
  /** Judges who may see a receipt; without one nobody is shown any. */
  readonly judge: InvocationJudge | undefined
  /** Who counts what is read here, when it is another. */
  readonly handTo: HandTo | undefined
}

/**
 * The routes: what the log has published, for all; a receipt with its proof, for who signs for it.
 * A host that hands its journals on tells who has them; of a log that it had before, what lies in
 * the folder stays published.
 *
 * @example
 * const routes = receiptRoutes({ dataDir, observer, processes: 1, judge, handTo })
 */
export function receiptRoutes(options: ReceiptRoutesOptions): readonly Route[] {
  const { dataDir, judge } = options
  const elsewhere = countedElsewhere(options.handTo)
  const published = new Published({
    dataDir,
    askEdge: async () => (elsewhere === undefined ? askEdge(dataDir) : undefined),
  })
  const prove: ReceiptRouteOptions['prove'] = (wish, signal) =>
    callOwner(dataDir, 'receiptProof', wish, { signal })
  const receipts = judge && receiptAnswers({ ...options, judge, prove })
  return [
    {
      name: 'receipts',
      method: 'GET',
      path: '/receipts/',
      async answer(asked) {
        const answer = await (publicAnswer(asked.rest, published) ??
          (elsewhere === undefined ? receipts?.(asked) : undefined) ??
          NEITHER)
        return answer.status === 200 ? answer : (elsewhere ?? answer)
      },
    },
  ]
}

const NEITHER = textAnswer(
  404,
  'expected a receipt of 32 hex digits, or a file of the log, got neither',
)

async function askEdge(dataDir: string): Promise<ReceiptEdge | undefined> {
  const signal = AbortSignal.timeout(RECEIPT_LOOKUP_TIMEOUT_MS)
  const called = await callOwner(dataDir, 'receiptEdge', {}, { signal })
  return called.ok as ReceiptEdge | undefined
}
