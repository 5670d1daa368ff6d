/**
 * Taking batches on the thread that writes the inbox.
 * @module
 */
import { InboxFull } from '@turnpike/core/ports/inbox'
import { ACK_TYPE } from '@turnpike/core/handover/ack'
import { BATCH_TIMEOUT_MS } from '@turnpike/core/limits/inbox'
import { fail, ok } from '@turnpike/core/result'
import {
  type BatchFault,
  type BatchRefused,
  type ReceiveDeps,
  takeBatch,
} from '@turnpike/accounting/handover/receive'
import type { AccountingParts } from '../accounting/parts.ts'
import type { Operation } from '../control/server.ts'
import { InvalidParams } from '../owner/params.ts'
import { openHandoverKeys } from './keys.ts'

/** What `journalBatch` answers: an answer over HTTP. */
export interface BatchAnswer {
  readonly status: number
  readonly type: string
  /** Base64. */
  readonly body: string
}

/** Statuses of what is refused whole. 503 alone asks to be tried again. */
const STATUS: Readonly<Record<BatchFault, number>> = {
  malformed: 400,
  stranger: 403,
  misaddressed: 403,
  forged: 403,
  unresolved: 503,
}

/** The status and text that a refusal is told by. */
export function refusalAnswer(error: BatchRefused | InboxFull): BatchAnswer {
  const status = error instanceof InboxFull ? 503 : STATUS[error.fault]
  const body = Buffer.from(`${error.message}\n`).toString('base64')
  return { status, type: 'text/plain; charset=utf-8', body }
}

/**
 * The operation `journalBatch {batch}`, with a signed batch in base64.
 *
 * @example
 * const operations = { journalBatch: batchOperation(parts) }
 */
export function batchOperation({
  dataDir,
  settings,
  inbox,
  hasher,
}: Pick<AccountingParts, 'dataDir' | 'settings' | 'inbox' | 'hasher'>): Operation {
  let deps: Promise<ReceiveDeps> | undefined
  const open = async (): Promise<ReceiveDeps> => {
    const { dids, signer, signatures } = await openHandoverKeys(dataDir, settings)
    return { audiences: dids, sources: settings.handFrom, inbox, signatures, signer, hasher }
  }
  return async (params) => {
    const { batch } = (params ?? {}) as { readonly batch?: unknown }
    if (typeof batch !== 'string') return fail(new InvalidParams('"batch" expected base64'))
    const signal = AbortSignal.timeout(BATCH_TIMEOUT_MS)
    const body = new Uint8Array(Buffer.from(batch, 'base64'))
    deps ??= open().catch((error: unknown) => {
      // Its key may be there another time.
      deps = undefined
      throw error
    })
    const taken = await takeBatch(body, await deps, signal)
    if (taken.error !== undefined) return ok(refusalAnswer(taken.error))
    const ack = Buffer.from(taken.ok).toString('base64')
    return ok({ status: 200, type: ACK_TYPE, body: ack } satisfies BatchAnswer)
  }
}
