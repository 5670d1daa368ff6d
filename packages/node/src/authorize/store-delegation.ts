/**
 * Storing delegations: checked first, whoever brings them.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { DelegationsFull, StoredDelegation } from '@turnpike/core/ports/delegations'
import { fail, ok, type Result } from '@turnpike/core/result'
import type { ArchiveInvalid } from '@turnpike/core/ucan/archive'
import { checkServeDelegation, type DelegationRefused } from '@turnpike/core/ucan/serve'
import { SignatureChecks } from '@turnpike/core/ucan/signed-by'
import { CatalogDelegations } from '../catalog/delegations.ts'
import { nodeHasher } from '../hasher.ts'
import { nodeVerifier } from '../names/verifier.ts'
import type { Trust } from './authorizer.ts'

/** A delegation that was brought, and what is believed about it. */
export interface Brought extends Trust {
  /** The delegation and its proofs, as ucanto archives them. */
  readonly archive: Uint8Array
  /** The space that it has to be about; undefined for the one that it names. */
  readonly space?: SpaceDid | undefined
  readonly nowMs: number
  readonly signal: AbortSignal
}

/** What was stored, and whether it was new. */
export interface DelegationKept {
  readonly delegation: StoredDelegation
  readonly stored: boolean
}

/**
 * Stores a delegation if it lets this gateway serve a space, now or later. For the folder's owner.
 *
 * @example
 * const kept = await storeDelegation(catalog, { archive, gateways, nowMs, signal })
 */
export async function storeDelegation(
  catalog: DatabaseSync,
  { archive, space, gateways, resolver, attesters = [], nowMs, signal }: Brought,
): Promise<Result<DelegationKept, ArchiveInvalid | DelegationRefused | DelegationsFull>> {
  const store = new CatalogDelegations(catalog)
  const checks = new SignatureChecks(nodeVerifier, resolver)
  const trust = { gateways, attesters, checks, hasher: nodeHasher, store }
  const checked = await checkServeDelegation(archive, { space, nowMs, signal, ...trust })
  if (checked.error) return checked
  const put = store.put(checked.ok)
  return put.error ? fail(put.error) : ok({ delegation: checked.ok, ...put.ok })
}
