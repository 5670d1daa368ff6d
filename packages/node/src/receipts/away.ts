/**
 * When receipts can't be asked for: not now, or not at this host.
 * @module
 */
import { type ServiceAnswer, textAnswer } from '@turnpike/service/answer'
import type { HandTo } from '../config/handover.ts'

/**
 * Errors of a call that pass: the folder's owner is starting, stopping or busy, or its index is
 * being made again. Others are faults of ours.
 */
export const AWAY: ReadonlySet<string> = new Set([
  'NobodyThere',
  'ControlLost',
  'ThreadEnded',
  'Busy',
  'ReceiptIndexDamaged',
])

/**
 * What a host answers that hands its journals on: who has the log; undefined for one that counts.
 *
 * @example
 * const elsewhere = countedElsewhere(settings.handTo)
 */
export function countedElsewhere(handTo: HandTo | undefined): ServiceAnswer | undefined {
  if (handTo === undefined) return undefined
  const { did, url } = handTo
  return textAnswer(404, `reads of this host are counted by ${did}: ask at ${url}`)
}
