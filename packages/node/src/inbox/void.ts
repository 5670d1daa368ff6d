/**
 * `void` for commands: takes a read out of what is billed.
 * @module
 */
import { voidRead, type VoidReason } from '@turnpike/accounting/void-read'
import { VOID_REASON } from '@turnpike/core/log/entry'
import { fail, ok } from '@turnpike/core/result'
import type { AccountingParts } from '../accounting/parts.ts'
import type { Operation } from '../control/server.ts'
import { entryTargetOf } from '../receipts/entry-target.ts'
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

type VoidParts = Pick<
  AccountingParts,
  'host' | 'log' | 'receipts' | 'inbox' | 'clock' | 'random' | 'hasher'
>

/**
 * The operation `void {index | receipt, reason}`. The log has the VOID when it answers.
 *
 * @example
 * const operations = { void: voidOperation(parts) }
 */
export function voidOperation(parts: VoidParts): Operation {
  return async (params) => {
    const asked = (params ?? {}) as Readonly<Record<string, unknown>>
    const target = entryTargetOf(asked)
    const reason = VOID_REASONS.find((name) => name === asked['reason'])
    if (target === undefined || reason === undefined)
      return fail(
        new InvalidParams(`void expected { index | receipt, reason: ${VOID_REASONS.join(' | ')} }`),
      )
    // A read that has just ended may be in a journal still.
    const before = await parts.host.catchUp()
    if (before.error !== undefined) return before
    if ('receipt' in target) await parts.receipts.catchUp()
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
