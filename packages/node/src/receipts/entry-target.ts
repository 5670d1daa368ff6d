/**
 * Which entry of the log an operation's parameters mean.
 * @module
 */
import type { EntryTarget } from '@turnpike/accounting/receipts/find-read'
import { RECEIPT_ID_BYTES } from '@turnpike/core/log/receipt-id'

/** A public receipt id as it is written. */
const RECEIPT = /^[0-9a-f]{32}$/

/**
 * Bytes of a public receipt id; undefined for what is none.
 *
 * @example
 * receiptIdIn('0f1e2d3c4b5a69788796a5b4c3d2e1f0') // Uint8Array(16)
 */
export function receiptIdIn(text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string' || !RECEIPT.test(text)) return undefined
  const bytes = new Uint8Array(Buffer.from(text, 'hex'))
  return bytes.length === RECEIPT_ID_BYTES ? bytes : undefined
}

/** `{index}` or `{receipt}`, as JSON; undefined for anything else. */
export function entryTargetOf({
  index,
  receipt,
}: Readonly<Record<string, unknown>>): EntryTarget | undefined {
  if (typeof index === 'number')
    return Number.isSafeInteger(index) && index >= 0 ? { index } : undefined
  const bytes = receiptIdIn(receipt)
  return bytes && { receipt: bytes }
}
