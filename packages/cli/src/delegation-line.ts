/**
 * A delegation as one line for people.
 * @module
 */
import type { ShownDelegation } from '@turnpike/node/authorize/show'

const TOKEN: Readonly<Record<ShownDelegation['token'], string>> = {
  any: 'to everybody',
  required: 'to who shows its token',
  none: 'to who shows no token',
}

/** Its CID, whether it counts, and to whom content is served by it. */
export function delegationLine({
  cid,
  standing,
  token,
  expires,
  audience,
}: ShownDelegation): string {
  const until = expires === null ? '' : ` until ${expires}`
  return `${cid}  ${standing}${until}  ${TOKEN[token]}, by ${audience}`
}
