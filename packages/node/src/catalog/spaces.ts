/**
 * Spaces that this deployment takes content for.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { CustomerDid } from '@turnpike/core/ports/provisioning'
import { fail, ok, type Result } from '@turnpike/core/result'

/** A space as the catalog knows it. */
export interface SpaceRow {
  readonly did: SpaceDid
  readonly name: string
  /** Wall-clock ms at which it was made here. */
  readonly createdMs: number
}

/** A space, and whose it is after the last change: nobody's when null. */
export interface ListedSpace extends SpaceRow {
  readonly customer: CustomerDid | null
}

/** This deployment has no such space. */
export class SpaceUnknown extends Error {
  override readonly name = 'SpaceUnknown'
  readonly space: string
  constructor(space: string) {
    super(`space ${space} expected to be one of this data folder's, but it is not`)
    this.space = space
  }
}

/**
 * Makes a space that nobody owns, unless it is there: then it keeps its name.
 *
 * @example
 * ensureSpace(database, { did: 'did:key:z6Mk…', name: 'default', createdMs })
 */
export function ensureSpace(database: DatabaseSync, { did, name, createdMs }: SpaceRow): void {
  database
    .prepare('INSERT INTO spaces (did, name, created_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
    .run(did, name, createdMs)
}

/** All spaces, in the order in which they were made. */
export function listSpaces(database: DatabaseSync): ListedSpace[] {
  const rows = database
    .prepare(
      `SELECT s.did, s.name, s.created_ms AS createdMs, c.did AS customer
       FROM spaces s LEFT JOIN ownerships o ON o.space = s.did AND o.end_epoch IS NULL
       LEFT JOIN customers c ON c.id = o.customer ORDER BY s.id`,
    )
    .all()
  return rows as unknown as ListedSpace[]
}

/** Whether the operator knows a space: it was made here, or a customer has it. */
export function isKnown(database: DatabaseSync, did: string): boolean {
  const sql = `SELECT EXISTS (SELECT 1 FROM spaces WHERE did = $did)
    OR EXISTS (SELECT 1 FROM ownerships WHERE space = $did AND end_epoch IS NULL) AS known`
  return database.prepare(sql).get({ did })!.known === 1
}

/** Whether a space is, or ever was, one that the operator knows. */
export function wasKnown(database: DatabaseSync, did: string): boolean {
  const sql = `SELECT EXISTS (SELECT 1 FROM spaces WHERE did = $did)
    OR EXISTS (SELECT 1 FROM ownerships WHERE space = $did) AS known`
  return database.prepare(sql).get({ did })!.known === 1
}

/** Row id of a space. */
export function spaceId(database: DatabaseSync, did: string): Result<number, SpaceUnknown> {
  const row = database.prepare('SELECT id FROM spaces WHERE did = ?').get(did)
  return row === undefined ? fail(new SpaceUnknown(did)) : ok(Number(row.id))
}
