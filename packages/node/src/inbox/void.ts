/**
 * `void` for commands: takes a read out of what is billed.
 * @module
 */
import { voidRead, type VoidReason, type VoidTarget } from '@turnpike/accounting/void-read'
import { VOID_REASON } from '@turnpike/core/log/entry'
import { RECEIPT_ID_BYTES } from '@turnpike/core/log/receipt-id'
import { fail, ok } from '@turnpike/core/result'
import type { AccountingParts } from '../accounting/parts.ts'
import type { Operation } from '../control/server.ts'
import { InvalidParams } from '../owner/params.ts'

/** What `void` answers. */
export interface VoidAnswer {
  readonly index: number
  readonly space: string
  /** Bytes that were delivered: an entry says at most 2^53 - 1. */
  readonly bytes: number
  readonly endedAt: string
  readonly status: number
  /** Whether it was voided before: nothing was added. */
  readonly already: boolean
}

/** Names of reasons, as commands take them. */
export const VOID_REASONS: readonly VoidReason[] = Object.keys(VOID_REASON) as VoidReason[]

type VoidParts = Pick<AccountingParts, 'host' | 'log' | 'inbox' | 'clock' | 'random' | 'hasher'>

/**
 * The operation `void {index | receipt, atMs?, reason}`. The log has the VOID when it answers.
 *
 * @example
 * const operations = { void: voidOperation(parts) }
 */
export function voidOperation(parts: VoidParts): Operation {
  return async (params) => {
    const asked = (params ?? {}) as Readonly<Record<string, unknown>>
    const target = targetOf(asked)
    const reason = VOID_REASONS.find((name) => name === asked['reason'])
    if (target === undefined || reason === undefined)
      return fail(
        new InvalidParams(
          `void expected { index | receipt, atMs?, reason: ${VOID_REASONS.join(' | ')} }`,
        ),
      )
    // A read that has just ended may be in a journal still.
    const before = await parts.host.catchUp()
    if (before.error !== undefined) return before
    const voided = await voidRead(target, reason, parts)
    if (voided.error !== undefined) return voided
    const after = await parts.host.catchUp()
    if (after.error !== undefined) return after
    const { index, read, already } = voided.ok
    return ok({
      index,
      space: read.space,
      bytes: Number(read.bytes),
      endedAt: new Date(read.ts).toISOString(),
      status: read.status,
      already,
    } satisfies VoidAnswer)
  }
}

function targetOf({
  index,
  receipt,
  atMs,
}: Readonly<Record<string, unknown>>): VoidTarget | undefined {
  if (typeof index === 'number')
    return Number.isSafeInteger(index) && index >= 0 ? { index } : undefined
  if (typeof receipt !== 'string' || !/^[0-9a-f]{32}$/.test(receipt)) return undefined
  if (atMs !== undefined && !(Number.isSafeInteger(atMs) && Number(atMs) >= 0)) return undefined
  const bytes = new Uint8Array(Buffer.from(receipt, 'hex'))
  if (bytes.length !== RECEIPT_ID_BYTES) return undefined
  return { receipt: bytes, atMs: atMs as number | undefined }
}
