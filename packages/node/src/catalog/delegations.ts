/**
 * Delegations and revocations in the catalog.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import {
  DELEGATIONS_LISTED_MAX,
  DELEGATIONS_MAX,
  DELEGATIONS_PER_SPACE_MAX,
  REVOCATIONS_MAX,
} from '@turnpike/core/limits/ucan'
import type { SpaceDid } from '@turnpike/core/ports/content'
import {
  DelegationsFull,
  DelegationUnknown,
  type DelegationStore,
  type DelegationWriter,
  type Revocation,
  type StoredDelegation,
} from '@turnpike/core/ports/delegations'
import { fail, ok, type Result, type Unit } from '@turnpike/core/result'
import { transact } from './database.ts'

/** How many there may be. */
export interface DelegationRoom {
  readonly perSpaceMax: number
  readonly delegationsMax: number
  readonly revocationsMax: number
}

const ROOM: DelegationRoom = {
  perSpaceMax: DELEGATIONS_PER_SPACE_MAX,
  delegationsMax: DELEGATIONS_MAX,
  revocationsMax: REVOCATIONS_MAX,
}

const FIELDS = `cid, space, can, issuer, audience, starts_ms AS startsMs, expires_ms AS expiresMs,
  stored_ms AS storedMs, archive`

/**
 * Both sides of the store. Reading works on a read-only connection; writing is for the folder's
 * owner.
 *
 * @example
 * new CatalogDelegations(folder.catalog).forSpace('did:key:z6Mk…')
 */
export class CatalogDelegations implements DelegationStore, DelegationWriter {
  readonly #catalog: DatabaseSync
  readonly #room: DelegationRoom
  readonly #generation: StatementSync
  readonly #forSpace: StatementSync
  readonly #revoked: StatementSync
  readonly #anyRevoked: StatementSync

  constructor(catalog: DatabaseSync, room: DelegationRoom = ROOM) {
    this.#catalog = catalog
    this.#room = room
    this.#generation = catalog.prepare('SELECT generation FROM delegation_state')
    this.#generation.setReturnArrays(true)
    this.#forSpace = catalog.prepare(
      `SELECT ${FIELDS} FROM space_delegations WHERE space = ? ORDER BY id LIMIT ?`,
    )
    this.#anyRevoked = catalog.prepare('SELECT 1 FROM revocations LIMIT 1')
    this.#revoked = catalog.prepare(
      'SELECT cid, issuer, revoked_ms AS revokedMs, archive FROM revocations WHERE cid = ?',
    )
  }

  /** Takes 2 us: fewer than it would take to find out whether it has to be read. */
  generation(): number {
    const [generation] = this.#generation.get() as unknown as [number]
    return generation
  }

  forSpace(space: SpaceDid): StoredDelegation[] {
    return this.#forSpace.all(space, this.#room.perSpaceMax).map(delegationOf)
  }

  revoked(cids: readonly Uint8Array[]): Revocation[] {
    // Where nothing was ever revoked, a message of 128 records costs one look-up.
    if (this.#anyRevoked.get() === undefined) return []
    return cids.flatMap((cid) => this.#revoked.all(cid).map(revocationOf))
  }

  put(delegation: StoredDelegation): Result<{ readonly stored: boolean }, DelegationsFull> {
    const { cid, space, can, issuer, audience, storedMs, archive } = delegation
    const { startsMs = null, expiresMs = null } = delegation
    return transact(this.#catalog, () => {
      const held = this.#catalog
        .prepare('SELECT 1 FROM space_delegations WHERE space = ? AND cid = ?')
        .get(space, cid)
      if (held !== undefined) return ok({ stored: false })
      const noRoom = this.#makeRoom(space, storedMs)
      if (noRoom !== undefined) return fail(noRoom)
      this.#catalog
        .prepare(
          `INSERT INTO space_delegations
             (cid, space, can, issuer, audience, starts_ms, expires_ms, stored_ms, archive)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(cid, space, can, issuer, audience, startsMs, expiresMs, storedMs, archive)
      this.#changed()
      return ok({ stored: true })
    })
  }

  withdraw(cid: Uint8Array): Result<Unit, DelegationUnknown> {
    return transact(this.#catalog, () => {
      const gone = this.#catalog.prepare('DELETE FROM space_delegations WHERE cid = ?').run(cid)
      if (gone.changes === 0)
        return fail(new DelegationUnknown('delegation expected to be stored here, is not'))
      this.#changed()
      return ok({})
    })
  }

  revoke({ cid, issuer, revokedMs, archive }: Revocation): Result<Unit, DelegationsFull> {
    return transact(this.#catalog, () => {
      const held = this.#catalog
        .prepare('SELECT 1 FROM revocations WHERE cid = ? AND issuer = ?')
        .get(cid, issuer)
      if (held !== undefined) return ok({})
      if (this.#count('revocations') >= this.#room.revocationsMax)
        return fail(full(`revocations expected < ${this.#room.revocationsMax}, got as many`))
      this.#catalog
        .prepare('INSERT INTO revocations VALUES (?, ?, ?, ?)')
        .run(cid, issuer, revokedMs, archive ?? null)
      this.#changed()
      return ok({})
    })
  }

  /** Stored delegations with this CID, one for each space; at most a few. */
  withCid(cid: Uint8Array): StoredDelegation[] {
    return this.#catalog
      .prepare(`SELECT ${FIELDS} FROM space_delegations WHERE cid = ? ORDER BY id LIMIT ?`)
      .all(cid, this.#room.perSpaceMax)
      .map(delegationOf)
  }

  /** The newest delegations of one space, or of all, newest first. */
  list(space: string | undefined): StoredDelegation[] {
    return this.#catalog
      .prepare(
        `SELECT ${FIELDS} FROM space_delegations WHERE space = coalesce(?, space)
         ORDER BY id DESC LIMIT ?`,
      )
      .all(space ?? null, DELEGATIONS_LISTED_MAX)
      .map(delegationOf)
  }

  /** Spaces that have delegations to one of `audiences`. */
  spacesFor(audiences: readonly string[]): SpaceDid[] {
    return this.#catalog
      .prepare(
        `SELECT DISTINCT space FROM space_delegations
         WHERE audience IN (SELECT value FROM json_each(?)) ORDER BY space`,
      )
      .all(JSON.stringify(audiences))
      .map(({ space }) => space as SpaceDid)
  }

  /** Forgets what is over, where there is no room else. */
  #makeRoom(space: string, nowMs: number): DelegationsFull | undefined {
    const { perSpaceMax, delegationsMax } = this.#room
    const over = 'DELETE FROM space_delegations WHERE expires_ms <= ?'
    const ofSpace = (): boolean => this.#count('space_delegations', space) >= perSpaceMax
    if (ofSpace()) this.#catalog.prepare(`${over} AND space = ?`).run(nowMs, space)
    if (ofSpace()) return full(`delegations of ${space} expected < ${perSpaceMax}, got as many`)
    const ofAll = (): boolean => this.#count('space_delegations') >= delegationsMax
    if (ofAll()) this.#catalog.prepare(over).run(nowMs)
    return ofAll() ? full(`delegations expected < ${delegationsMax}, got as many`) : undefined
  }

  #count(table: 'space_delegations' | 'revocations', space?: string): number {
    const all = `SELECT count(*) AS rows FROM ${table}`
    const row =
      space === undefined
        ? this.#catalog.prepare(all).get()
        : this.#catalog.prepare(`${all} WHERE space = ?`).get(space)
    return Number(row!.rows)
  }

  #changed(): void {
    this.#catalog.exec('UPDATE delegation_state SET generation = generation + 1')
  }
}

function full(message: string): DelegationsFull {
  return new DelegationsFull(message)
}

type Row = Readonly<Record<string, unknown>>

function delegationOf(row: Row): StoredDelegation {
  const { startsMs, expiresMs, ...others } = row
  return {
    ...others,
    startsMs: startsMs ?? undefined,
    expiresMs: expiresMs ?? undefined,
  } as StoredDelegation
}

function revocationOf(row: Row): Revocation {
  return { ...row, archive: row.archive ?? undefined } as unknown as Revocation
}
