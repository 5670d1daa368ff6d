/**
 * Delegations that the gateway itself issues: somebody may ask something in its name.
 * @module
 */
import { delegate, DID } from '@ucanto/core'
import { isDid } from '@turnpike/core/billing/customer-did'
import { fail, ok, type Result } from '@turnpike/core/result'
import type { FolderOwner } from '../folder/open.ts'
import { InvalidParams } from '../owner/params.ts'

/** Abilities that count in the gateway's name, and that others may need. */
export const OPERATOR_ABILITIES = [
  'space/egress/track',
  'consumer/has',
  'consumer/get',
  'customer/get',
] as const

/** What `delegationOperator` answers. */
export interface OperatorDelegation {
  readonly cid: string
  readonly can: string
  readonly audience: string
  /** ISO 8601; null for never. */
  readonly expires: string | null
  /** In base64. */
  readonly archive: string
}

/**
 * Issues a delegation of one ability, on the DID that the gateway has.
 *
 * @param did the gateway's DID, which its key signs for
 */
export async function delegateOperator(
  { gateway }: Pick<FolderOwner, 'gateway'>,
  did: string,
  { can, audience, expiresMs }: Readonly<Record<string, unknown>>,
): Promise<Result<OperatorDelegation, InvalidParams>> {
  const ability = OPERATOR_ABILITIES.find((one) => one === can)
  if (ability === undefined)
    return fail(new InvalidParams(`"can" expected one of ${OPERATOR_ABILITIES.join(', ')}`))
  if (typeof audience !== 'string' || !isDid(audience))
    return fail(new InvalidParams(`"audience" expected a DID, got "${String(audience)}"`))
  const endsMs = typeof expiresMs === 'number' ? Math.floor(expiresMs / 1000) * 1000 : undefined
  const delegation = await delegate({
    issuer: did === gateway.did() ? gateway : gateway.withDID(did as `did:web:${string}`),
    audience: DID.parse(audience),
    capabilities: [{ can: ability, with: did as `did:${string}:${string}` }],
    expiration: endsMs === undefined ? Infinity : endsMs / 1000,
  })
  const archived = await delegation.archive()
  if (archived.error) throw archived.error
  return ok({
    cid: `${delegation.cid}`,
    can: ability,
    audience,
    expires: endsMs === undefined ? null : new Date(endsMs).toISOString(),
    archive: Buffer.from(archived.ok).toString('base64'),
  })
}
