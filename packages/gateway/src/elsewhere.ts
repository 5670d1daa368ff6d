/**
 * What keeps one space from answering, and need not keep the next one.
 * @module
 */
import { LocatorFault } from '@turnpike/core/ports/content'
import { type Result, fail } from '@turnpike/core/result'

/** Whether another space may have what this one could not give. */
export function isElsewhere(error: Error | undefined): boolean {
  const name = error?.name ?? ''
  if (name === 'PaymentRequired' || name === 'QuotaExceeded') return true
  return name === 'BlockMissing' || name.startsWith('Origin') || name.startsWith('Locator')
}

/**
 * The result of a stage that failed for want of a locator.
 *
 * @throws whatever else it is
 */
export function failedLocator(error: unknown): Result<never, LocatorFault> {
  if (error instanceof LocatorFault) return fail(error)
  throw error
}
