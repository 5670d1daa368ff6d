/**
 * Which entry of the log a command means.
 * @module
 */
import { UsageRefused } from './verb.ts'

/**
 * Parameters of an operation on one entry: 32 hex digits are a receipt, fewer digits an index.
 *
 * @throws {UsageRefused} when the text is neither
 * @example
 * entryTarget('1042') // { index: 1042 }
 */
export function entryTarget(
  text: string,
): { readonly receipt: string } | { readonly index: number } {
  const receipt = text.toLowerCase()
  if (/^[0-9a-f]{32}$/.test(receipt)) return { receipt }
  if (/^\d{1,15}$/.test(text)) return { index: Number(text) }
  throw new UsageRefused(`expected 32 hex digits of an X-Receipt-Id, or an index, got "${text}"`)
}
