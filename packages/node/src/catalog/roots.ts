/**
 * Roots: what was added to a space, and taking it away again.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { linkFromBytes, linkToBytes, linkToString, type Link } from '@turnpike/core/link'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail, ok, type Result } from '@turnpike/core/result'
import { transact } from './database.ts'
import { spaceId, type SpaceUnknown } from './spaces.ts'
import { recordReleased } from './storage.ts'

/** A root as the catalog knows it. */
export interface RootRow {
  readonly cid: string
  readonly name: string
  /** Bytes of all files in it. */
  readonly bytes: number
  /** Wall-clock ms at which it was added last. */
  readonly addedMs: number
}

/** The CID is no root of the space. */
export class RootUnknown extends Error {
  override readonly name = 'RootUnknown'
  readonly cid: string
  readonly space: string
  constructor(cid: string, space: string) {
    super(
      `${cid} expected to be a root of space ${space}, but it is not: only what was added as a ` +
        'whole can be removed, not a part of it',
    )
    this.cid = cid
    this.space = space
  }
}

/** What was withdrawn. Serializable. */
export interface RootRemoved {
  /** Blobs that the space holds no longer, since no other root of it needs them. */
  readonly blobs: number
}

/** Roots of a space, the latest first, at most `limit`. */
export function listRoots(database: DatabaseSync, space: string, limit: number): RootRow[] {
  const rows = database
    .prepare(
      `SELECT r.cid, r.name, r.bytes, r.added_ms FROM roots r JOIN spaces s ON s.id = r.space
       WHERE s.did = ? ORDER BY r.added_ms DESC, r.id DESC LIMIT ?`,
    )
    .all(space, limit)
  return rows.map((row) => ({
    cid: linkToString(linkFromBytes(row.cid as Uint8Array)!),
    name: String(row.name),
    bytes: Number(row.bytes),
    addedMs: Number(row.added_ms),
  }))
}

/**
 * Withdraws a root from a space, at once and durably: blobs that no other root of the space needs
 * are no longer the space's. Their bytes stay until gc, for they may be another space's.
 *
 * A CIDv0 and the CIDv1 of the same block name the same root.
 *
 * @example
 * removeRoot(database, 'did:key:z6Mk…', linkFromString('bafy…')!, nodeClock)
 */
export function removeRoot(
  database: DatabaseSync,
  space: string,
  link: Link,
  clock: Pick<Clock, 'nowMs'>,
): Result<RootRemoved, SpaceUnknown | RootUnknown> {
  return transact(database, () => {
    const id = spaceId(database, space)
    if (id.error) return id
    const find = database.prepare('SELECT id, cid FROM roots WHERE space = ? AND cid = ?')
    const found = versionsOf(link)
      .map((version) => find.get(id.ok, linkToBytes(version)))
      .find((row) => row !== undefined)
    if (found === undefined) return fail(new RootUnknown(linkToString(link), space))
    const root = found.id!
    const needed = `SELECT n.blob FROM root_blobs n JOIN roots r ON r.id = n.root
                    WHERE r.space = ?2 AND r.id <> ?1`
    const gone = `SELECT blob FROM root_blobs WHERE root = ?1 AND blob NOT IN (${needed})`
    database
      .prepare(
        `DELETE FROM claims WHERE NOT public AND space = ?3 AND content IN
         (SELECT multihash FROM blobs WHERE id IN (${gone}))`,
      )
      .run(root, id.ok, space)
    const size = database.prepare(
      `SELECT coalesce(sum(size), 0) AS bytes FROM blobs WHERE id IN
       (SELECT blob FROM space_blobs WHERE space = ?2 AND blob IN (${gone}))`,
    )
    size.setReadBigInts(true)
    const bytes = size.get(root, id.ok)!.bytes as bigint
    const { changes } = database
      .prepare(`DELETE FROM space_blobs WHERE space = ?2 AND blob IN (${gone})`)
      .run(root, id.ok)
    database.prepare('DELETE FROM root_blobs WHERE root = ?').run(root)
    database.prepare('DELETE FROM roots WHERE id = ?').run(root)
    recordReleased(database, id.ok, { cause: found.cid as Uint8Array, bytes }, clock)
    return ok({ blobs: Number(changes) })
  })
}

function versionsOf(link: Link): Link[] {
  const other: Link = { ...link, version: link.version === 0 ? 1 : 0 }
  const isPossible = link.version === 0 || (link.codec === 0x70 && link.multihash.length === 34)
  return isPossible ? [link, other] : [link]
}
