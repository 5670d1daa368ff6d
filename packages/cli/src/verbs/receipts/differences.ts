/**
 * Differences that an audit found, for people.
 * @module
 */
import type { Difference } from '@turnpike/audit/findings'
import { oneLine } from '../../output.ts'
import type { Output } from '../../output.ts'
import { formatCount } from '../../units.ts'

/** What an audit says of differences. */
interface Differences {
  readonly differences: readonly Difference[]
  readonly differencesCount: number
}

/** Prints each place, what was expected there, and what was found. */
export function printDifferences(found: Differences, output: Output): void {
  const { differences, differencesCount } = found
  for (const { where, expected, found: said } of differences) {
    output.line(output.bold(oneLine(where)))
    output.line(`  expected ${oneLine(expected)}`)
    output.line(`  found    ${oneLine(said)}`)
  }
  const unnamed = differencesCount - differences.length
  if (unnamed > 0) output.line(`… and ${formatCount(unnamed)} differences more`)
}
