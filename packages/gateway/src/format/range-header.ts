/**
 * The Range header for one range of bytes (RFC 9110, section 14).
 * @module
 */
import type { ByteRange } from '@turnpike/core/range'

/** What a Range header asks for, given the size of the content. */
export type RangeVerdict =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly range: ByteRange }
  | { readonly kind: 'unsatisfiable' }

const WHOLE: RangeVerdict = { kind: 'whole' }

/**
 * Reads a Range header. What is malformed, in another unit, or more than one range is ignored, as
 * RFC 9110 allows: the whole is sent.
 *
 * @example
 * parseRange('bytes=-3', 31) // { kind: 'part', range: { first: 28, last: 30 } }
 */
export function parseRange(header: string | null, sizeBytes: number): RangeVerdict {
  if (header === null || sizeBytes === 0) return WHOLE
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header.trim())
  if (match === null) return WHOLE
  const [, from = '', to = ''] = match
  if (from === '' && to === '') return WHOLE
  if (from === '') return suffix(Number(to), sizeBytes)
  const first = Number(from)
  const last = to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1)
  if (to !== '' && Number(to) < first) return WHOLE
  if (first >= sizeBytes) return { kind: 'unsatisfiable' }
  return { kind: 'part', range: { first, last } }
}

function suffix(length: number, sizeBytes: number): RangeVerdict {
  if (length === 0) return { kind: 'unsatisfiable' }
  return { kind: 'part', range: { first: Math.max(0, sizeBytes - length), last: sizeBytes - 1 } }
}
