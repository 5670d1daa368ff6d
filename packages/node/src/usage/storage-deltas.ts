/**
 * Reads the catalog's dated deltas: of one space, or of all together.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { MsRange, SizeChange } from '@turnpike/core/billing/storage'
import { STORAGE_ROWS_MAX } from '@turnpike/core/limits/billing'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { StorageDelta } from '@turnpike/core/ports/usage'

/** A delta as it is told to who adds up whole days. */
export interface NumberedDelta {
  readonly id: number
  readonly space: SpaceDid
  readonly atMs: number
}

const LAST_BEFORE = `at_ms < ?2 ORDER BY at_ms DESC, id DESC LIMIT 1`
const SIZE = `
  SELECT size FROM storage_deltas
  WHERE space = (SELECT id FROM spaces WHERE did = ?1) AND ${LAST_BEFORE}`
const SIZE_OF_ALL = `
  SELECT coalesce(sum(
    (SELECT size FROM storage_deltas d WHERE d.space = s.id AND ${LAST_BEFORE})
  ), 0) AS size FROM spaces s WHERE ?1 IS NULL`

/** Restricts to the space `?1`, or, when that is null, to nothing. */
function isOf(space: SpaceDid | undefined): string {
  return space === undefined ? '?1 IS NULL' : 'space = (SELECT id FROM spaces WHERE did = ?1)'
}

/** The deltas of a catalog, which may be read-only. */
export class StorageDeltas {
  readonly #catalog: DatabaseSync
  /** By their SQL: to make one takes longer than to run it, for each of a customer's spaces. */
  readonly #statements = new Map<string, StatementSync>()

  constructor(catalog: DatabaseSync) {
    this.#catalog = catalog
  }

  /** Size before what is dated `atMs`. */
  sizeBytes(space: SpaceDid | undefined, atMs: number): bigint {
    const row = this.#prepare(space === undefined ? SIZE_OF_ALL : SIZE).get(space ?? null, atMs)
    return (row?.size ?? 0n) as bigint
  }

  /** Changes in a range, in their order, read a piece at a time. */
  *changes(space: SpaceDid | undefined, { fromMs, toMs }: MsRange): Generator<SizeChange> {
    const next = this.#prepare(`
      SELECT id, at_ms, delta FROM storage_deltas
      WHERE ${isOf(space)} AND (at_ms, id) > (?2, ?3) AND at_ms < ?4
      ORDER BY at_ms, id LIMIT ${STORAGE_ROWS_MAX}`)
    let [atMs, id] = [fromMs - 1, Number.MAX_SAFE_INTEGER]
    for (;;) {
      const rows = next.all(space ?? null, atMs, id, toMs)
      for (const row of rows) yield { atMs: Number(row.at_ms), deltaBytes: row.delta as bigint }
      if (rows.length < STORAGE_ROWS_MAX) return
      const last = rows.at(-1)!
      ;[atMs, id] = [Number(last.at_ms), Number(last.id)]
    }
  }

  /** The first changes in a range, with all that is known of them. */
  list(
    { space, fromMs, toMs }: MsRange & { readonly space?: SpaceDid },
    limit: number,
  ): StorageDelta[] {
    const find = this.#prepare(`
      SELECT did, at_ms, cause, delta FROM storage_deltas d JOIN spaces s ON s.id = d.space
      WHERE ${isOf(space)} AND at_ms >= ?2 AND at_ms < ?3 ORDER BY at_ms, d.id LIMIT ?4`)
    return find.all(space ?? null, fromMs, toMs, limit).map((row) => ({
      space: row.did as SpaceDid,
      cause: row.cause as Uint8Array,
      deltaBytes: row.delta as bigint,
      atMs: Number(row.at_ms),
    }))
  }

  /** Date of the first delta after the one with this id. */
  firstAfter(space: SpaceDid | undefined, id: number): number | undefined {
    // By id: there are few after the last that was added up, and many of a space.
    const find = this.#prepare(`
      SELECT min(at_ms) AS first FROM storage_deltas NOT INDEXED WHERE ${isOf(space)} AND id > ?2`)
    const first = find.get(space ?? null, id)!.first
    return first === null ? undefined : Number(first)
  }

  /** The first deltas after the one with this id, of those dated before `beforeMs`. */
  after(id: number, beforeMs: number): NumberedDelta[] {
    const find = this.#prepare(`
      SELECT d.id, did, at_ms FROM storage_deltas d JOIN spaces s ON s.id = d.space
      WHERE d.id > ?1 AND at_ms < ?2 ORDER BY d.id LIMIT ${STORAGE_ROWS_MAX}`)
    return find.all(id, beforeMs).map((row) => ({
      id: Number(row.id),
      space: row.did as SpaceDid,
      atMs: Number(row.at_ms),
    }))
  }

  /** Spaces that have deltas, in the order of their DIDs. */
  spaces(limit: number, after: string): SpaceDid[] {
    const find = this.#prepare(`
      SELECT did FROM spaces s WHERE did > ?1
        AND EXISTS (SELECT 1 FROM storage_deltas d WHERE d.space = s.id)
      ORDER BY did LIMIT ?2`)
    return find.all(after, limit).map(({ did }) => did as SpaceDid)
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#catalog.prepare(sql)
    // Sizes pass 2^53, which a number would round.
    statement.setReadBigInts(true)
    this.#statements.set(sql, statement)
    return statement
  }
}
