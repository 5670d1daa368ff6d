/**
 * The Range header: one or several ranges of bytes (RFC 9110, section 14).
 * @module
 */
import { RANGES_MAX } from '@turnpike/core/limits'
import { type ByteRange, rangeLength } from '@turnpike/core/range'

/** What a Range header asks for, given the size of the content. */
export type RangeVerdict =
  | { readonly kind: 'whole' }
  /** One or several, which do not overlap, in the order in which they were asked for. */
  | { readonly kind: 'parts'; readonly ranges: readonly ByteRange[] }
  | { readonly kind: 'unsatisfiable' }

const WHOLE: RangeVerdict = { kind: 'whole' }
const UNSATISFIABLE: RangeVerdict = { kind: 'unsatisfiable' }

/**
 * Reads a Range header. What is malformed or in another unit is ignored, as RFC 9110 allows: the
 * whole is sent. So are more than `RANGES_MAX` ranges, and ranges that together ask for more than
 * the whole. Of several, those beyond the end are left out, and those that overlap are joined
 * (section 15.3.7.2).
 *
 * @example
 * parseRange('bytes=-3', 31) // { kind: 'parts', ranges: [{ first: 28, last: 30 }] }
 */
export function parseRange(header: string | null, sizeBytes: number): RangeVerdict {
  if (header === null || sizeBytes === 0) return WHOLE
  const specs = /^[ \t]*bytes=(.*)$/is.exec(header)?.[1]?.split(',', 2 * RANGES_MAX + 1)
  if (specs === undefined || specs.length > 2 * RANGES_MAX) return WHOLE
  const ranges: ByteRange[] = []
  let count = 0
  let askedBytes = 0
  for (const spec of specs) {
    // A list may have empty elements (section 5.6.1).
    if (spec.trim() === '') continue
    const range = rangeOf(spec.trim(), sizeBytes)
    count++
    if (range === undefined || count > RANGES_MAX) return WHOLE
    if (range === 'unsatisfiable') continue
    askedBytes += rangeLength(range)
    ranges.push(range)
  }
  if (count === 0 || askedBytes > sizeBytes) return WHOLE
  return ranges.length === 0 ? UNSATISFIABLE : { kind: 'parts', ranges: joined(ranges) }
}

/** One range within the content; undefined for what is none. */
function rangeOf(spec: string, sizeBytes: number): ByteRange | 'unsatisfiable' | undefined {
  const match = /^(\d*)-(\d*)$/.exec(spec)
  if (match === null || spec === '-') return undefined
  const [, from = '', to = ''] = match
  const end = sizeBytes - 1
  if (from === '') {
    const length = Number(to)
    return length === 0 ? 'unsatisfiable' : { first: Math.max(0, sizeBytes - length), last: end }
  }
  const first = Number(from)
  const last = to === '' ? Infinity : Number(to)
  if (last < first) return undefined
  return first > end ? 'unsatisfiable' : { first, last: Math.min(last, end) }
}

/** Joins ranges that overlap, each at the place of the earliest asked of its members. */
function joined(ranges: readonly ByteRange[]): readonly ByteRange[] {
  if (ranges.length === 1) return ranges
  const sorted = ranges
    .map((range, place) => ({ ...range, place }))
    .toSorted((a, b) => a.first - b.first)
  const kept: { first: number; last: number; place: number }[] = []
  for (const range of sorted) {
    const before = kept.at(-1)
    if (before === undefined || range.first > before.last) kept.push(range)
    else {
      before.last = Math.max(before.last, range.last)
      before.place = Math.min(before.place, range.place)
    }
  }
  return kept.toSorted((a, b) => a.place - b.place).map(({ first, last }) => ({ first, last }))
}
