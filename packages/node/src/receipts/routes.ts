/**
 * Addresses below `/receipts/`, on hosts that are the gateway's own.
 * @module
 */
import type { InvocationJudge } from '@turnpike/core/retrieve/invocations'
import { RECEIPT_LOOKUP_TIMEOUT_MS } from '@turnpike/core/limits/receipt-index'
import type { Observer } from '@turnpike/gateway/observer'
import { textAnswer } from '@turnpike/service/answer'
import { callOwner } from '../control/client.ts'
import type { Route } from '../front-door/routes.ts'
import type { ReceiptEdge } from './operations.ts'
import { publicAnswer } from './public-routes.ts'
import { Published } from './published.ts'
import { receiptAnswers } from './receipt-route.ts'

/** What the routes are made of. */
export interface ReceiptRoutesOptions {
  readonly dataDir: string
  readonly observer: Observer
  /** Processes that serve. */
  readonly processes: number
  /** Judges who may see a receipt; without one nobody is shown any. */
  readonly judge: InvocationJudge | undefined
}

/**
 * The routes: what the log has published, for all; a receipt with its proof, for who signs for it.
 *
 * @example
 * const routes = receiptRoutes({ dataDir, observer, processes: 1, judge })
 */
export function receiptRoutes(options: ReceiptRoutesOptions): readonly Route[] {
  const { dataDir, judge } = options
  const published = new Published({ dataDir, askEdge: () => askEdge(dataDir) })
  const receipts = judge && receiptAnswers({ ...options, judge })
  return [
    {
      name: 'receipts',
      method: 'GET',
      path: '/receipts/',
      answer: (asked) =>
        publicAnswer(asked.rest, published) ??
        receipts?.(asked) ??
        textAnswer(404, 'expected a receipt of 32 hex digits, or a file of the log, got neither'),
    },
  ]
}

async function askEdge(dataDir: string): Promise<ReceiptEdge | undefined> {
  const signal = AbortSignal.timeout(RECEIPT_LOOKUP_TIMEOUT_MS)
  const called = await callOwner(dataDir, 'receiptEdge', {}, { signal })
  return called.ok as ReceiptEdge | undefined
}
