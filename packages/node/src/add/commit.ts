/**
 * Takes a stage over into the catalog: the moment at which an add becomes visible.
 * @module
 */
import { existsSync, rmSync } from 'node:fs'
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite'
import { FILES_LOCK_WAIT_MS } from '@turnpike/core/limits/store'
import { fail, ok, type Result } from '@turnpike/core/result'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { Clock } from '@turnpike/core/ports/runtime'
import type { BlobStore } from '../blobs/store.ts'
import { noRoom, type StoreFault } from '../blobs/store-fault.ts'
import { isFull, transact } from '../catalog/database.ts'
import { spaceId, type SpaceUnknown } from '../catalog/spaces.ts'
import { markHeld, recordHeld } from '../catalog/storage.ts'
import type { Signer } from '../folder/keys.ts'
import type { FolderPaths } from '../folder/layout.ts'
import { takeLock } from '../folder/lock.ts'
import { ContentRemoved, FolderBusy, StageInvalid } from './errors.ts'
import { issueLocation } from './location-claim.ts'
import { stagePath } from './stage.ts'

/** What the owner brings to a commit. */
export interface CommitContext {
  /** The catalog's writer. */
  readonly catalog: DatabaseSync
  readonly blobs: Pick<BlobStore, 'has'>
  /** Issues the location claims. */
  readonly gateway: Signer
  readonly paths: Pick<FolderPaths, 'stages' | 'filesLock'>
  readonly clock: Pick<Clock, 'nowMs'>
}

/** What a commit did. Serializable. */
export interface Committed {
  readonly roots: number
  readonly shards: number
  /** Claims that were issued now; a shard that the space had keeps its own. */
  readonly claims: number
}

/** Why a stage can't be committed. */
export type CommitRefused = StageInvalid | ContentRemoved | SpaceUnknown | FolderBusy | StoreFault

/**
 * Commits the stage `id` in one transaction, durably, and removes it: blobs, slices, whose they
 * are, roots and what they need, indexes, and one location claim for each shard and space. Shares
 * `filesLock`, as the adder does, who may have died: no gc takes the shards meanwhile.
 *
 * The stage is removed also when it is refused.
 *
 * @example
 * const committed = await commitStage({ catalog, blobs, gateway, paths, clock }, stage.id)
 */
export async function commitStage(
  context: CommitContext,
  id: string,
): Promise<Result<Committed, CommitRefused>> {
  const path = stagePath(context.paths.stages, id)
  if (path === undefined) return fail(new StageInvalid('an id'))
  const lock = await takeLock(context.paths.filesLock, 'shared', FILES_LOCK_WAIT_MS)
  if (lock === undefined) return fail(new FolderBusy('a gc'))
  try {
    if (!existsSync(path)) return fail(new StageInvalid('to exist'))
    const claims = await prepare(context, path)
    if (claims.error) return claims
    return attached(context.catalog, path, () => takeOver(context, claims.ok))
  } catch (error) {
    if (isFull(error)) return fail(noRoom(error))
    throw error
  } finally {
    rmSync(path, { force: true })
    lock.release()
  }
}

/** Checks that the shards are there and issues the claims that are missing, into the stage. */
async function prepare(
  { catalog, blobs, gateway }: CommitContext,
  path: string,
): Promise<Result<number, CommitRefused>> {
  const stage = new DatabaseSync(path)
  try {
    stage.exec('PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; BEGIN')
    const space = spaceOf(stage)
    if (space === undefined) return fail(new StageInvalid('to be complete'))
    const known = catalog.prepare(
      'SELECT 1 FROM claims WHERE content = ? AND space = ? AND issuer = ?',
    )
    const insert = stage.prepare('INSERT INTO claims VALUES (?, ?, ?)')
    const local = stage.prepare(
      'SELECT no, multihash FROM shards WHERE no NOT IN (SELECT shard FROM sites)',
    )
    let claims = 0
    for (const { no, multihash } of local.all()) {
      const content = multihash as Uint8Array
      if (!(await blobs.has(content))) return fail(new StageInvalid('its shards in the store'))
      if (known.get(content, space, gateway.did()) !== undefined) continue
      const claim = await issueLocation(gateway, space, content)
      insert.run(no!, claim.cid, claim.archive)
      claims++
    }
    stage.exec('COMMIT')
    return ok(claims)
  } finally {
    stage.close()
  }
}

/** The space that a stage is for; undefined while it is being filled, or when it is no stage. */
function spaceOf(stage: DatabaseSync): SpaceDid | undefined {
  try {
    return stage.prepare('SELECT space FROM stage').get()?.space as SpaceDid | undefined
  } catch {
    return undefined
  }
}

function attached<T>(catalog: DatabaseSync, path: string, work: () => T): T {
  catalog.prepare('ATTACH ? AS stage').run(path)
  try {
    catalog.exec('PRAGMA stage.synchronous = OFF; PRAGMA stage.journal_mode = OFF')
    return work()
  } finally {
    catalog.exec('DETACH stage')
  }
}

/** `:space` is the space's row; a value is given to the statements that name it. */
const STEPS = [
  `INSERT INTO blobs (multihash, size, local)
   SELECT multihash, size, no NOT IN (SELECT shard FROM stage.sites) FROM stage.shards
   WHERE true ORDER BY no
   ON CONFLICT (multihash) DO UPDATE SET local = max(local, excluded.local)`,
  `UPDATE stage.shards SET blob = (SELECT id FROM blobs b WHERE b.multihash = shards.multihash)`,
  `INSERT INTO blob_sites (url, blob, provider)
   SELECT t.url, s.blob, t.provider FROM stage.sites t JOIN stage.shards s ON s.no = t.shard
   WHERE true ON CONFLICT DO UPDATE SET provider = excluded.provider`,
  `INSERT OR IGNORE INTO slices
   SELECT b.multihash, s.blob, b.offset, b.length
   FROM stage.blocks b JOIN stage.shards s ON s.no = b.shard ORDER BY b.multihash`,
  // A shard is also a block of its own, that of its CAR CID.
  `INSERT OR IGNORE INTO slices
   SELECT multihash, blob, 0, size FROM stage.shards`,
  `INSERT OR IGNORE INTO space_blobs (space, blob)
   SELECT :space, blob FROM stage.shards ORDER BY no`,
  `INSERT INTO blobs (multihash, size, local)
   SELECT index_multihash, index_size, 1 FROM stage.shards WHERE index_multihash IS NOT NULL
   ON CONFLICT (multihash) DO UPDATE SET local = 1`,
  `INSERT OR IGNORE INTO indexes (blob, index_blob)
   SELECT s.blob, i.id FROM stage.shards s JOIN blobs i ON i.multihash = s.index_multihash`,
  `INSERT INTO roots (space, cid, name, bytes, added_ms)
   SELECT :space, cid, name, bytes, :now FROM stage.roots WHERE true ORDER BY no
   ON CONFLICT (space, cid) DO UPDATE SET
     name = excluded.name, bytes = excluded.bytes, added_ms = excluded.added_ms`,
  `INSERT OR IGNORE INTO root_blobs (root, blob)
   SELECT r.id, s.blob FROM stage.roots t JOIN roots r ON r.space = :space AND r.cid = t.cid
   JOIN stage.shards s ON (t.interior AND s.interior)
     OR s.no IN (SELECT shard FROM stage.root_shards WHERE root = t.no)`,
  `INSERT OR IGNORE INTO root_blobs (root, blob)
   SELECT r.id, n.blob FROM stage.roots t JOIN roots r ON r.space = :space AND r.cid = t.cid
   JOIN stage.root_blobs n ON n.root = t.no`,
  `INSERT OR IGNORE INTO claims (cid, issuer, space, content, archive)
   SELECT c.cid, :issuer, :did, s.multihash, c.archive
   FROM stage.claims c JOIN stage.shards s ON s.no = c.shard
   WHERE NOT EXISTS (SELECT 1 FROM claims k
     WHERE k.content = s.multihash AND k.space = :did AND k.issuer = :issuer)`,
]

function takeOver(
  { catalog, gateway, clock }: CommitContext,
  claims: number,
): Result<Committed, CommitRefused> {
  return transact(catalog, () => {
    const did = String(catalog.prepare('SELECT space FROM stage.stage').get()!.space)
    const space = spaceId(catalog, did)
    if (space.error) return space
    const removed = catalog
      .prepare(
        `SELECT 1 FROM stage.root_blobs WHERE blob NOT IN
         (SELECT blob FROM space_blobs WHERE space = ?) LIMIT 1`,
      )
      .get(space.ok)
    if (removed !== undefined) return fail(new ContentRemoved())
    const mark = markHeld(catalog)
    const values = { space: space.ok, now: clock.nowMs(), issuer: gateway.did(), did }
    for (const sql of STEPS) run(catalog, sql, values)
    recordHeld(catalog, space.ok, mark, clock)
    const count = (table: string): number =>
      Number(catalog.prepare(`SELECT count(*) AS n FROM stage.${table}`).get()!.n)
    return ok({ roots: count('roots'), shards: count('shards'), claims })
  })
}

function run(
  catalog: DatabaseSync,
  sql: string,
  values: Readonly<Record<string, SQLOutputValue>>,
): void {
  const named = Object.entries(values).filter(([name]) => sql.includes(`:${name}`))
  catalog.prepare(sql).run(Object.fromEntries(named))
}
