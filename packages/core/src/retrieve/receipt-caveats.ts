/**
 * What a capability to see a receipt allows: one of a space's reads, or all of them.
 * @module
 */
import { ok, type Result } from '../result.ts'
import type { UcanCapability } from '../ucan/archive.ts'
import type { Allowed } from '../ucan/serve-caveats.ts'
import { refused, type InvocationAsked, type RetrievalRefused } from './invocations.ts'

/** The ability that somebody needs to see receipts of a space's reads. */
export const RECEIPT_GET = 'space/receipt/get'

/** Everything on everything of the issuer's. */
const ALL_RESOURCES = 'ucan:*'
const ALLOWED: Allowed = { token: undefined }

/**
 * What an invocation to see the receipt of the address has to want: `nb` is `{receipt}`, as it
 * stands in the address.
 *
 * @param receipt a public receipt id, 32 lower-case hex digits
 * @example
 * const granted = await judge.examine({ value, wanted: receiptWanted(receipt), signal })
 */
export function receiptWanted(receipt: string): InvocationAsked['wanted'] {
  return ({ can, nb }): Result<ReturnType<typeof seeing>, RetrievalRefused> => {
    const asked = receiptIn(nb)
    if (can !== RECEIPT_GET || asked === undefined)
      return refused('not-retrieval', `one capability ${RECEIPT_GET} {receipt} expected`)
    if (asked !== receipt)
      return refused('unauthorized', 'receipt expected to be that of the address, is another')
    return ok(seeing(receipt))
  }
}

/** Whether a capability of a chain covers a receipt of `space`. */
function seeing(
  receipt: string,
): (capability: UcanCapability, space: string) => Allowed | undefined {
  return ({ can, with: resource, nb }, space) => {
    if (!covers(can) || (resource !== space && resource !== ALL_RESOURCES)) return undefined
    const isAll = nb === undefined || isEmpty(nb)
    return isAll || receiptIn(nb) === receipt ? ALLOWED : undefined
  }
}

function covers(can: string): boolean {
  if (can === RECEIPT_GET || can === '*') return true
  return can.endsWith('/*') && RECEIPT_GET.startsWith(can.slice(0, -1))
}

/** The receipt that caveats name; one that is not known here restricts in an unknown way. */
function receiptIn(nb: unknown): string | undefined {
  if (typeof nb !== 'object' || nb === null || Array.isArray(nb)) return undefined
  const { receipt, ...others } = nb as Readonly<Record<string, unknown>>
  return typeof receipt === 'string' && isEmpty(others) ? receipt : undefined
}

function isEmpty(nb: unknown): boolean {
  return typeof nb === 'object' && nb !== null && Object.keys(nb).length === 0
}
