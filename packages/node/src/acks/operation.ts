/**
 * Taking acknowledgements on the thread that writes the inbox.
 * @module
 */
import { AckRefused, AckTaker, type AckFault } from '@turnpike/accounting/acks/take-ack'
import { NoSuchRead } from '@turnpike/accounting/receipts/find-read'
import { parseAck } from '@turnpike/core/acks/receipt-ack'
import { ok } from '@turnpike/core/result'
import type { AccountingParts } from '../accounting/parts.ts'
import type { Operation } from '../control/server.ts'
import { poolVerifier } from '../names/verifier.ts'

/** What `receiptAck` answers: an answer over HTTP, in one sentence unless it was taken. */
export interface AckAnswer {
  readonly status: number
  readonly text: string
}

const STATUS: Readonly<Record<AckFault, number>> = {
  forged: 403,
  late: 409,
  denied: 409,
  enough: 409,
}

/**
 * The operation `receiptAck {ack}`, with an acknowledgement as JSON text.
 *
 * @example
 * const operations = { receiptAck: ackOperation(parts) }
 */
export function ackOperation(
  parts: Pick<AccountingParts, 'log' | 'signer' | 'receipts' | 'inbox' | 'clock' | 'hasher'>,
): Operation {
  const taker = new AckTaker({ ...parts, origin: parts.signer.name, verifier: poolVerifier })
  return async (params) => {
    const { ack: text } = (params ?? {}) as { readonly ack?: unknown }
    const ack = parseAck(String(text))
    if (ack.error !== undefined) return told(400, ack.error.message)
    const { ok: taken, error } = await taker.take(ack.ok)
    if (taken !== undefined) return told(taken.already ? 200 : 201, '')
    if (error instanceof AckRefused) return told(STATUS[error.fault], error.message)
    if (error instanceof NoSuchRead) return told(404, NOT_HERE)
    return told(503, error.message)
  }
}

/** A read is in the log, and found, about two seconds after its answer ended. */
const NOT_HERE =
  'the log expected a read with this receipt, has none: ' +
  'if its answer has just ended, try again in some seconds'

function told(status: number, text: string): ReturnType<Operation> {
  return Promise.resolve(ok({ status, text } satisfies AckAnswer))
}
