/**
 * Moments to come, as people write them.
 * @module
 */
const UNITS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/**
 * Wall-clock ms of a moment: so long from now, or a date. Undefined for what is neither, or past.
 *
 * @example
 * momentOf('30d', nowMs) // nowMs + 2_592_000_000
 */
export function momentOf(text: string, nowMs: number): number | undefined {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  if (unit !== undefined) return nowMs + Number(count) * UNITS[unit]!
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  return ms > nowMs ? ms : undefined
}
