/**
 * A customer's space in one line.
 * @module
 */
import type { ShownOwnership } from '@turnpike/node/provisioning/show'

/** From when to when a customer has a space, for people. */
export function ownershipLine({ space, from, until, assigned }: ShownOwnership): string {
  const start = from === null ? 'from the first read on' : `from ${from}`
  return `${space} ${start}, taken on ${assigned}${until === null ? '' : `, until ${until}`}`
}
