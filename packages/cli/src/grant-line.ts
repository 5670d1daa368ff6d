/**
 * A grant as one line.
 * @module
 */
import type { ShownGrant } from '@turnpike/node/quota/show'
import { formatCount } from './units.ts'

/**
 * What a grant says, in one line.
 *
 * @example
 * grantLine(grant) // 'promo-7: 1,024 bytes, priority 0, from 2026-11-21T08:00:00.000Z'
 */
export function grantLine(grant: ShownGrant): string {
  const { id, bytes, leftBytes, priority, from, until, voided } = grant
  const left = leftBytes === undefined ? '' : `${formatCount(Number(leftBytes))} of `
  const parts = [
    `${left}${formatCount(Number(bytes))} bytes`,
    `priority ${priority}`,
    `from ${from}`,
    ...(until === null ? [] : [`until ${until}`]),
    ...(voided ? [`voided ${voided}`] : []),
  ]
  return `${id}: ${parts.join(', ')}`
}
