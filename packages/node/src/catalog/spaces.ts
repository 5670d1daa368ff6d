/**
 * Customers and their spaces.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import type { SpaceDid } from '@turnpike/core/ports/content'
import { fail, ok, type Result } from '@turnpike/core/result'

/** A space as the catalog knows it. */
export interface SpaceRow {
  readonly did: SpaceDid
  readonly name: string
  /** Name of the customer that owns it. */
  readonly customer: string
  /** Wall-clock ms at which it was made here. */
  readonly createdMs: number
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
 * Makes a space, and the customer that owns it, unless they exist. An existing space keeps its
 * name and its customer.
 *
 * @example
 * ensureSpace(database, { did: 'did:key:z6Mk…', name: 'default', customer: 'demo', createdMs })
 */
export function ensureSpace(database: DatabaseSync, space: SpaceRow): void {
  database
    .prepare('INSERT INTO customers (name, created_ms) VALUES (?, ?) ON CONFLICT DO NOTHING')
    .run(space.customer, space.createdMs)
  database
    .prepare(
      `INSERT INTO spaces (did, name, customer, created_ms)
       SELECT ?, ?, id, ? FROM customers WHERE name = ? ON CONFLICT DO NOTHING`,
    )
    .run(space.did, space.name, space.createdMs, space.customer)
}

/** All spaces, in the order in which they were made. */
export function listSpaces(database: DatabaseSync): SpaceRow[] {
  const rows = database
    .prepare(
      `SELECT s.did, s.name, c.name AS customer, s.created_ms AS createdMs
       FROM spaces s JOIN customers c ON c.id = s.customer ORDER BY s.id`,
    )
    .all()
  return rows as unknown as SpaceRow[]
}

/** Row id of a space. */
export function spaceId(database: DatabaseSync, did: string): Result<number, SpaceUnknown> {
  const row = database.prepare('SELECT id FROM spaces WHERE did = ?').get(did)
  return row === undefined ? fail(new SpaceUnknown(did)) : ok(Number(row.id))
}
