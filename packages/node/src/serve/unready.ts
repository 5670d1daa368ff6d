/**
 * Why a deployment can't serve as it should, for those who send requests its way.
 * @module
 */
import type { ServingCounts } from './process.ts'

/** What the parts say of the deployment's state. */
export interface Standing {
  failure: Error | undefined
  accounting: Error | undefined
}

/**
 * Reasons; none when the deployment is ready.
 *
 * @example
 * unready({ failure: undefined, accounting: undefined }, counts) // []
 */
export function unready(
  { failure, accounting }: Standing,
  { withoutRoom }: Pick<ServingCounts, 'withoutRoom'>,
): string[] {
  const reasons: string[] = []
  if (failure !== undefined) reasons.push(`stopping: ${failure.message}`)
  if (accounting !== undefined) reasons.push(`accounting stands still: ${accounting.message}`)
  if (withoutRoom > 0)
    reasons.push(`no room to record reads in ${withoutRoom} of the processes that serve`)
  return reasons
}
