/**
 * Differences: what was expected where, and what was found.
 * @module
 */

/** One difference. */
export interface Difference {
  /** A file, and the place in it: `log/tile/entries/003, entry 17`; `ledger.sqlite, space_hour`. */
  readonly where: string
  readonly expected: string
  readonly found: string
}

/** Differences that are named; more are counted only. */
export const DIFFERENCES_NAMED_MAX = 20

/** Keeps the first differences, and counts all. */
export class Findings {
  readonly named: Difference[] = []
  count = 0

  /** Whether one more would be named. */
  get names(): boolean {
    return this.named.length < DIFFERENCES_NAMED_MAX
  }

  add(where: string, expected: string, found: string): void {
    this.count++
    if (this.names) this.named.push({ where, expected, found })
  }

  /** Whether one of those that are named is about a place. */
  has(where: string): boolean {
    return this.named.some((one) => one.where === where)
  }

  /** Adds a difference when two values are not the same. */
  same(where: string, expected: string | number, found: string | number): void {
    if (expected !== found) this.add(where, String(expected), String(found))
  }
}

/** Bytes as text. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** Whether two are the same bytes. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
