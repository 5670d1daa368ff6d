/**
 * Delegations by which spaces let this gateway serve them, checked when they are stored.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { hash } from 'node:crypto'
import { Delegation, UCAN } from '@ucanto/core'
import { Verifier } from '@ucanto/principal/ed25519'
import { bytesEqual } from '@turnpike/core/bytes'
import { decodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import {
  Unauthorized,
  type Authorization,
  type Authorizer,
  type SpaceDid,
} from '@turnpike/core/ports/content'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail, ok, type Result, type Unit } from '@turnpike/core/result'

/** What a space delegates to a gateway that may serve all its content. */
export const SERVE_ALL = 'space/content/serve/*'

/** A delegation does not say what it has to, or was not signed by who it says. */
export class DelegationInvalid extends Error {
  override readonly name = 'DelegationInvalid'
}

/**
 * Stores a delegation after checking that the space itself issued and signed it, to this gateway,
 * for `space/content/serve/*`, and that it has not expired. Storing one twice changes nothing.
 *
 * @param archive the delegation as ucanto archives it (a CAR)
 * @example
 * const stored = await storeDelegation(database, archive, { gateway: gateway.did(), nowMs })
 */
export async function storeDelegation(
  database: DatabaseSync,
  archive: Uint8Array,
  { gateway, nowMs }: { readonly gateway: string; readonly nowMs: number },
): Promise<Result<Unit, DelegationInvalid>> {
  const delegation = await readUcan(archive)
  if (delegation === undefined) return invalid('an archived UCAN, got something else')
  const capability = delegation.capabilities[0]
  const space = delegation.issuer.did()
  if (capability === undefined || delegation.capabilities.length !== 1)
    return invalid(`1 capability, got ${delegation.capabilities.length}`)
  if (capability.can !== SERVE_ALL) return invalid(`"can" ${SERVE_ALL}, got ${capability.can}`)
  if (capability.with !== space) return invalid(`issuer ${capability.with}, got ${space}`)
  const audience = delegation.audience.did()
  if (audience !== gateway) return invalid(`audience ${gateway}, got ${audience}`)
  const expiresMs = msOf(delegation.expiration)
  if (expiresMs !== null && expiresMs <= nowMs)
    return invalid(`to be in force, but it expired at ${new Date(expiresMs).toISOString()}`)
  if (!(await signedBy(delegation, space))) return invalid(`a signature by ${space}`)
  database
    .prepare('INSERT INTO delegations VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING')
    .run(
      delegation.cid.bytes,
      space,
      audience,
      SERVE_ALL,
      msOf(delegation.notBefore),
      expiresMs,
      nowMs,
      archive,
    )
  return ok({})
}

function invalid(expected: string): Result<never, DelegationInvalid> {
  return fail(new DelegationInvalid(`delegation expected ${expected}`))
}

/** The delegation in an archive, decoded; undefined when there is none. */
async function readUcan(archive: Uint8Array): Promise<AnyDelegation | undefined> {
  const extracted = await Delegation.extract(archive)
  if (extracted.error) return undefined
  try {
    // Decoded on first use, and it throws when the bytes are no UCAN.
    return extracted.ok.data && extracted.ok
  } catch {
    return undefined
  }
}

/** Seconds as UCANs count them to ms; null for never, as SQLite wants it. */
function msOf(seconds: number | undefined): number | null {
  return seconds === undefined || seconds === Infinity ? null : seconds * 1000
}

type AnyDelegation = NonNullable<Awaited<ReturnType<typeof Delegation.extract>>['ok']>

/** ucanto's CAR reader does not check blocks against their CIDs, so that is done here. */
async function signedBy(delegation: AnyDelegation, did: string): Promise<boolean> {
  const link = decodeMultihash(delegation.cid.multihash.bytes)
  const digest = hash('sha256', delegation.bytes, 'buffer')
  if (link?.code !== SHA2_256 || !bytesEqual(link.digest, digest)) return false
  try {
    const verifier = Verifier.parse(did as `did:key:${string}`)
    return await UCAN.verifySignature(delegation.data, verifier)
  } catch {
    return false
  }
}

/**
 * Lets a space be served that has a stored delegation to this gateway in force. Tokens are not
 * looked at: a delegation of everything needs none.
 *
 * @example
 * new StoredDelegations(database, gateway.did(), clock).authorize('did:key:z6Mk…', undefined)
 */
export class StoredDelegations implements Authorizer {
  readonly #find: StatementSync
  readonly #gateway: string
  readonly #clock: Clock

  constructor(database: DatabaseSync, gateway: string, clock: Clock) {
    this.#find = database.prepare(
      `SELECT expires_ms AS expiresMs FROM delegations
       WHERE space = ?1 AND audience = ?2 AND can = '${SERVE_ALL}'
         AND coalesce(starts_ms <= ?3, 1) AND coalesce(expires_ms > ?3, 1)
       ORDER BY expires_ms IS NULL DESC, expires_ms DESC LIMIT 1`,
    )
    this.#gateway = gateway
    this.#clock = clock
  }

  authorize(space: SpaceDid, _token: string | undefined): Result<Authorization, Unauthorized> {
    const row = this.#find.get(space, this.#gateway, this.#clock.nowMs())
    if (row === undefined)
      return fail(new Unauthorized(space, `${space} has not let this gateway serve its content`))
    const expiresMs = row.expiresMs === null ? undefined : Number(row.expiresMs)
    return ok({ space, expiresMs, byToken: false })
  }
}
