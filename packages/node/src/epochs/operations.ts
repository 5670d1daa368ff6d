/**
 * What commands ask of epochs.
 * @module
 */
import { decodeState } from '@turnpike/accounting/state'
import type { Anchoring } from '@turnpike/core/epochs/anchor-file'
import type { EpochState } from '@turnpike/core/epochs/state'
import { EPOCHS_LISTED_MAX } from '@turnpike/core/limits/receipts'
import { encodeBase64 } from '@turnpike/core/note/base64'
import type { EpochRecord, StoredConflict } from '@turnpike/core/ports/epoch-store'
import { fail, ok } from '@turnpike/core/result'
import type { AccountingParts } from '../accounting/parts.ts'
import type { Operation } from '../control/server.ts'
import { InvalidParams } from '../owner/params.ts'

/** Names of the operations. */
export type EpochOperation = 'epochs' | 'anchorConflictForget'

/** An epoch in JSON. */
export interface EpochShown {
  readonly epoch: number
  /** When it was sealed: ISO 8601. */
  readonly sealed: string
  readonly state: EpochState
  /** Entries: first index, and that after the last. */
  readonly first: number
  readonly end: number
  /** In base64. */
  readonly root: string
  readonly anchors: readonly Anchoring[]
}

/** What an anchor says against the log, in JSON. */
export interface ConflictShown {
  readonly anchor: string
  readonly message: string
  /** ISO 8601. */
  readonly since: string
}

/** What `epochs` answers. */
export interface EpochsShown {
  readonly origin: string
  /** The epoch that entries go to; null while there is none. */
  readonly open: number | null
  /** How many there are in each state. */
  readonly counts: Readonly<Record<Exclude<EpochState, 'pending'>, number>>
  readonly finalThrough: number | null
  /** What an anchor says against the log; nothing goes on by then. */
  readonly conflict: ConflictShown | null
  /** Oldest first. */
  readonly epochs: readonly EpochShown[]
}

/** Hours that are listed when nobody says from where. */
const LISTED = 24

/** `epochs {from?}` and `anchorConflictForget {}`. */
export function epochOperations({
  epochs,
  log,
  signer,
  hasher,
}: Pick<AccountingParts, 'epochs' | 'log' | 'signer' | 'hasher'>): Readonly<
  Record<EpochOperation, Operation>
> {
  return {
    async epochs(params) {
      const from = (params as { readonly from?: unknown } | null)?.from
      if (from !== undefined && !isEpoch(from))
        return fail(new InvalidParams('"from" expected an hour number, 0 or more'))
      const progress = await epochs.progress()
      const conflict = await epochs.conflict()
      const committed = await log.load()
      const open = committed && decodeState(hasher, committed.bytes).open
      const first = from ?? Math.max(0, (progress.batchedThrough ?? 0) - LISTED + 1)
      const shown: EpochsShown = {
        origin: signer.name,
        open: open?.epoch ?? null,
        counts: progress.counts,
        finalThrough: progress.finalThrough ?? null,
        conflict: conflict === undefined ? null : shownConflict(conflict),
        epochs: (await epochs.list(first, EPOCHS_LISTED_MAX)).map(shownEpoch),
      }
      return ok(shown)
    },
    async anchorConflictForget() {
      const conflict = await epochs.conflict()
      await epochs.forgetConflict()
      return ok({ forgotten: conflict?.message ?? null })
    },
  }
}

function shownConflict({ anchor, message, sinceMs }: StoredConflict): ConflictShown {
  return { anchor, message, since: new Date(sinceMs).toISOString() }
}

function shownEpoch({ statement, sealedMs, state, anchorings }: EpochRecord): EpochShown {
  const { epoch, first, end, root } = statement
  const sealed = new Date(sealedMs).toISOString()
  return { epoch, sealed, state, first, end, root: encodeBase64(root), anchors: anchorings }
}

function isEpoch(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
