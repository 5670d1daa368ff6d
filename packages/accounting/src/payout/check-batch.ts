/**
 * Checks the receipts of a batch, one by one: a bad one never takes its batch along.
 * @module
 */
import type { CarFrame, CarMalformed } from '@turnpike/core/car/decode'
import { bytesEqual } from '@turnpike/core/bytes'
import {
  BATCH_RECEIPTS_AT_ONCE,
  BATCH_RECEIPTS_MAX,
  RECEIPT_ERRORS_MAX,
} from '@turnpike/core/limits/payout'
import { linkToBytes } from '@turnpike/core/link'
import { decodeMultihash } from '@turnpike/core/multihash'
import type { CheckedBatch, ProvenRetrieval, ReceiptError } from '@turnpike/core/ports/payouts'
import { fail, ok, type Result } from '@turnpike/core/result'
import {
  judgeReceipt,
  type KeysUnavailable,
  type ReceiptDeps,
  type ReceiptOf,
  ReceiptRefused,
} from './judge.ts'

/** The bytes that a batch's CID stands for are no batch: they never will be. */
export class BatchMalformed extends Error {
  override readonly name = 'BatchMalformed'
}

/** What a batch is checked with. */
export interface CheckDeps extends ReceiptDeps {
  /** Receipts that a batch may have; `BATCH_RECEIPTS_MAX` unless told. */
  readonly receiptsMax?: number
  /** Lets others have their turn. */
  pause(): Promise<void>
}

/**
 * Checks every receipt of a batch: the frames of a CAR whose bytes were hashed.
 *
 * @returns `KeysUnavailable` when somebody's keys can't be had: try again
 * @example
 * const checked = await checkBatch(car.frames, { node, trackedMs, isPatient, signal }, deps)
 */
export async function checkBatch(
  frames: AsyncIterable<Result<CarFrame, CarMalformed>>,
  of: ReceiptOf,
  deps: CheckDeps,
): Promise<Result<CheckedBatch, BatchMalformed | KeysUnavailable>> {
  const proven: ProvenRetrieval[] = []
  const errors: ReceiptError[] = []
  const { receiptsMax = BATCH_RECEIPTS_MAX } = deps
  let receipts = 0
  let refused = 0
  for await (const frame of frames) {
    if (frame.error) return fail(new BatchMalformed(frame.error.message))
    if (++receipts > receiptsMax)
      return fail(new BatchMalformed(`batch expected <= ${receiptsMax} receipts, got more`))
    if (receipts % BATCH_RECEIPTS_AT_ONCE === 0) await deps.pause()
    of.signal.throwIfAborted()
    const judged = await judgeFrame(frame.ok, of, deps)
    if (judged.ok) proven.push(judged.ok)
    else if (judged.error.name === 'KeysUnavailable') return fail(judged.error as KeysUnavailable)
    else if (++refused <= RECEIPT_ERRORS_MAX) {
      const { name, message, receipt = linkToBytes(frame.ok.link) } = judged.error as ReceiptRefused
      errors.push({ name, message, receipt })
    }
  }
  return ok({ proven, errors, errorsLeftOff: refused - errors.length })
}

function judgeFrame(
  { link, bytes }: CarFrame,
  of: ReceiptOf,
  deps: CheckDeps,
): ReturnType<typeof judgeReceipt> {
  const digest = decodeMultihash(link.multihash)?.digest
  if (digest === undefined || !bytesEqual(digest, deps.hasher.sha256(bytes))) {
    const message = 'archive expected to have the hash in its CID, has another'
    return Promise.resolve(fail(new ReceiptRefused('ReceiptMalformed', message)))
  }
  return judgeReceipt(bytes, of, deps)
}
