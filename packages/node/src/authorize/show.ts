/**
 * Spaces and delegations as they are shown to people and scripts.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import type { StoredDelegation } from '@turnpike/core/ports/delegations'
import { readUcanArchive } from '@turnpike/core/ucan/archive'
import { allowedBy } from '@turnpike/core/ucan/serve-caveats'
import { CatalogDelegations } from '../catalog/delegations.ts'
import { type ListedSpace, listSpaces } from '../catalog/spaces.ts'
import { nodeHasher } from '../hasher.ts'
import { textOfCid } from './operations.ts'

/** A delegation; serializable, and without its token. */
export interface ShownDelegation {
  readonly cid: string
  readonly space: string
  readonly can: string
  readonly issuer: string
  readonly audience: string
  /** ISO 8601; null for no bound. */
  readonly starts: string | null
  readonly expires: string | null
  /** Whether a request has to show a token, or must show none. */
  readonly token: 'any' | 'required' | 'none'
  readonly standing: 'in force' | 'not yet' | 'expired' | 'revoked'
}

/** A space; serializable. */
export interface ShownSpace {
  readonly did: string
  readonly name: string
  /** DID of the customer who has it; null for nobody. */
  readonly customer: string | null
  readonly roots: number
  readonly bytes: number
  readonly delegations: number
}

/**
 * The newest delegations of one space, or of all. A proof that was revoked is not looked at here.
 *
 * @example
 * showDelegations(catalog, undefined, nodeClock.nowMs())
 */
export function showDelegations(
  catalog: DatabaseSync,
  space: string | undefined,
  nowMs: number,
): readonly ShownDelegation[] {
  const store = new CatalogDelegations(catalog)
  return store.list(space).map((delegation) => ({
    cid: textOfCid(delegation.cid),
    space: delegation.space,
    can: delegation.can,
    issuer: delegation.issuer,
    audience: delegation.audience,
    starts: isoOf(delegation.startsMs),
    expires: isoOf(delegation.expiresMs),
    token: tokenOf(delegation),
    standing: store.revoked([delegation.cid]).length > 0 ? 'revoked' : standing(delegation, nowMs),
  }))
}

function isoOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}

function standing(
  { startsMs, expiresMs }: StoredDelegation,
  nowMs: number,
): ShownDelegation['standing'] {
  if (expiresMs !== undefined && expiresMs <= nowMs) return 'expired'
  return startsMs !== undefined && startsMs > nowMs ? 'not yet' : 'in force'
}

function tokenOf({ archive, space }: StoredDelegation): ShownDelegation['token'] {
  const root = readUcanArchive(archive, nodeHasher).ok?.root
  const allowed = root?.capabilities.flatMap((one) => allowedBy(one, space) ?? []) ?? []
  if (allowed.some(({ token }) => token === undefined)) return 'any'
  return allowed.some(({ token }) => token !== null) ? 'required' : 'none'
}

/** All spaces, with how much they hold. */
export function showSpaces(catalog: DatabaseSync): readonly ShownSpace[] {
  const roots = catalog.prepare(
    `SELECT count(*) AS roots, coalesce(sum(bytes), 0) AS bytes FROM roots
     WHERE space = (SELECT id FROM spaces WHERE did = ?)`,
  )
  const delegations = catalog.prepare(
    'SELECT count(*) AS delegations FROM space_delegations WHERE space = ?',
  )
  return listSpaces(catalog).map(({ did, name, customer }: ListedSpace) => ({
    did,
    name,
    customer,
    roots: Number(roots.get(did)!.roots),
    bytes: Number(roots.get(did)!.bytes),
    delegations: Number(delegations.get(did)!.delegations),
  }))
}
