/**
 * Check 5 across statements: that no hour of a space is billed in two of them.
 * @module
 */
import { hourOf } from './bundle/context.ts'
import { SUSPENSE } from './bundle/frame.ts'
import type { Verified } from './bundle/verify.ts'

/** An hour that two statements bill. */
export interface BilledTwice {
  readonly where: string
  /** Which of the statements that were given. */
  readonly first: number
  readonly second: number
}

/**
 * Hours of spaces that more than one statement bills. A later draft of the same month and account
 * is the same statement.
 *
 * @example
 * if (billedTwice(verified).length > 0) process.exitCode = 1
 */
export function billedTwice(verified: readonly Verified[]): BilledTwice[] {
  const billed = new Map<string, { readonly statement: number; readonly name: string }>()
  const twice: BilledTwice[] = []
  for (const [i, { statement, verdict }] of verified.entries()) {
    if (statement === undefined || statement.account === SUSPENSE) continue
    const name = JSON.stringify([verdict.log, statement.account, statement.periodName])
    for (const { space, epoch, deliveredBytes } of statement.lines) {
      if (deliveredBytes === 0n) continue
      const key = JSON.stringify([verdict.log, epoch, space])
      const before = billed.get(key)
      if (before !== undefined && before.name !== name)
        twice.push({ where: `${hourOf(epoch)} of ${space}`, first: before.statement, second: i })
      billed.set(key, before ?? { statement: i, name })
    }
  }
  return twice
}
