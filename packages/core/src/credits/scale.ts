/**
 * Scales amounts down to a cap by largest remainder. Source: receipts, section 6.7.
 * @module
 */

/**
 * Amounts that sum to `cap` exactly where theirs is more, and as they are where it isn't. Each is
 * its proportional part, rounded down or up: up for those with the largest remainders, of equal
 * ones for those that come first. None is more than it was.
 *
 * @param amounts all >= 0, in an order that does not depend on who adds them up
 * @throws {RangeError} when an amount or the cap is below zero
 * @example
 * scaleDown([3n, 3n, 3n], 5n) // [2n, 2n, 1n]
 */
export function scaleDown(amounts: readonly bigint[], cap: bigint): bigint[] {
  if (cap < 0n) throw new RangeError(`"cap" expected >= 0, got ${cap}`)
  let sum = 0n
  for (const amount of amounts) {
    if (amount < 0n) throw new RangeError(`"amounts" expected >= 0, got ${amount}`)
    sum += amount
  }
  if (sum <= cap) return [...amounts]
  const parts = amounts.map((amount) => (amount * cap) / sum)
  const remainders = amounts.map((amount) => (amount * cap) % sum)
  let left = parts.reduce((rest, part) => rest - part, cap)
  const byRemainder = remainders.map((_, i) => i)
  byRemainder.sort((a, b) => compareBigints(remainders[b]!, remainders[a]!) || a - b)
  for (const i of byRemainder) {
    if (left === 0n) break
    parts[i]! += 1n
    left -= 1n
  }
  return parts
}

/** Orders numbers, the smaller first. */
export function compareBigints(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
