/**
 * Why a deployment can't serve as it should, for those who send requests its way.
 * @module
 */
import { AccountingStopped } from '../accounting/fault.ts'
import type { ServingCounts } from './process.ts'

/** What the parts say of the deployment's state. */
export interface Standing {
  failure: Error | undefined
  accounting: Error | undefined
  /** Jobs of accounting that failed when last tried. */
  readonly jobs: Set<string>
}

/** The other host is away that counts what is read here. Journals keep it: reads go on. */
const HAND_ON_FAILED = 'HandOnFailed'

/**
 * Reasons; none when the deployment is ready.
 *
 * @example
 * unready({ failure: undefined, accounting: undefined }, counts) // []
 */
export function unready(
  { failure, accounting }: Pick<Standing, 'failure' | 'accounting'>,
  { withoutRoom }: Pick<ServingCounts, 'withoutRoom'>,
): string[] {
  const reasons: string[] = []
  if (failure !== undefined) reasons.push(`stopping: ${failure.message}`)
  if (accounting !== undefined && reasonOf(accounting) !== HAND_ON_FAILED)
    reasons.push(`accounting stands still: ${accounting.message}`)
  if (withoutRoom > 0)
    reasons.push(`no room to record reads in ${withoutRoom} of the processes that serve`)
  return reasons
}

function reasonOf(fault: Error): string {
  return fault instanceof AccountingStopped ? fault.reason : fault.name
}
