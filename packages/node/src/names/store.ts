/**
 * The `NameStore` on the catalog.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { isNewer, type RecordRank } from '@turnpike/core/ipns/validate'
import { NAMES_MAX } from '@turnpike/core/limits/names'
import { NamesFull, type NameStore } from '@turnpike/core/ports/names'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail, ok, type Result } from '@turnpike/core/result'
import { transact } from '../catalog/database.ts'

/** Bytes of a sequence as it is stored. */
const SEQUENCE_BYTES = 8

/** A name that is published here. */
export interface OwnName {
  /** What its key is called. */
  readonly key: string
  readonly multihash: Uint8Array
  /** How long its records are to hold. */
  readonly lifetimeMs: number
}

/** A name as it is listed. */
export interface ListedName {
  readonly multihash: Uint8Array
  readonly record: Uint8Array
  readonly storedMs: number
  /** Key of ours that signs it; undefined for a record that came from elsewhere. */
  readonly key: string | undefined
}

/**
 * Records in the catalog. Reading works on a read-only connection; writing is for the folder's
 * owner.
 */
export class CatalogNames implements NameStore {
  readonly #catalog: DatabaseSync
  readonly #clock: Clock
  readonly #namesMax: number
  readonly #get: StatementSync
  readonly #owned: StatementSync

  constructor(catalog: DatabaseSync, clock: Clock, namesMax: number = NAMES_MAX) {
    this.#catalog = catalog
    this.#clock = clock
    this.#namesMax = namesMax
    this.#get = catalog.prepare('SELECT record FROM names WHERE multihash = ?')
    this.#owned = catalog.prepare('SELECT 1 FROM own_names WHERE multihash = ?')
  }

  get(name: Uint8Array): Uint8Array | undefined {
    return this.#get.get(name)?.record as Uint8Array | undefined
  }

  /** Whether the name is one that is published here: its record here is the newest there is. */
  owns(name: Uint8Array): boolean {
    return this.#owned.get(name) !== undefined
  }

  put(
    name: Uint8Array,
    record: Uint8Array,
    rank: RecordRank | undefined,
  ): Result<{ readonly kept: boolean }, NamesFull> {
    return transact(this.#catalog, () => {
      const known = this.#catalog
        .prepare('SELECT sequence, eol_ms AS eolMs FROM names WHERE multihash = ?')
        .get(name)
      if (known === undefined && this.#count() >= this.#namesMax)
        return fail(new NamesFull(`names expected at most ${this.#namesMax}, all are taken`))
      if (known !== undefined && !takesPlace(rank, rankOf(known))) return ok({ kept: false })
      const sequence = rank === undefined ? null : sequenceBytes(rank.sequence)
      this.#catalog
        .prepare('INSERT OR REPLACE INTO names VALUES (?, ?, ?, ?, ?)')
        .run(name, record, sequence, rank?.eolMs ?? null, this.#clock.nowMs())
      return ok({ kept: true })
    })
  }

  /** Rank of the record of a name; undefined when there is none, or an invalid one. */
  rank(name: Uint8Array): RecordRank | undefined {
    const row = this.#catalog
      .prepare('SELECT sequence, eol_ms AS eolMs FROM names WHERE multihash = ?')
      .get(name)
    return row === undefined ? undefined : rankOf(row)
  }

  /** Notes that the record of a name is signed here, and is to be signed anew. */
  keepOwn({ key, multihash, lifetimeMs }: OwnName): void {
    this.#catalog
      .prepare('INSERT OR REPLACE INTO own_names VALUES (?, ?, ?)')
      .run(key, multihash, lifetimeMs)
  }

  /** Names that are published here. */
  own(): OwnName[] {
    return this.#catalog
      .prepare('SELECT key, multihash, lifetime_ms AS lifetimeMs FROM own_names ORDER BY key')
      .all() as unknown as OwnName[]
  }

  /** All names, those published here first. */
  *list(): Generator<ListedName, void, void> {
    const rows = this.#catalog
      .prepare(
        `SELECT n.multihash, n.record, n.stored_ms AS storedMs, o.key
         FROM names n LEFT JOIN own_names o USING (multihash)
         ORDER BY o.key IS NULL, o.key, n.stored_ms, n.multihash`,
      )
      .iterate()
    for (const row of rows) {
      const { multihash, record, storedMs, key } = row as unknown as ListedName
      yield { multihash, record, storedMs, key: key ?? undefined }
    }
  }

  #count(): number {
    return Number(this.#catalog.prepare('SELECT count(*) AS names FROM names').get()!.names)
  }
}

function takesPlace(rank: RecordRank | undefined, known: RecordRank | undefined): boolean {
  if (known === undefined) return true
  return rank !== undefined && isNewer(rank, known)
}

function rankOf(row: Readonly<Record<string, unknown>>): RecordRank | undefined {
  if (row.sequence === null) return undefined
  const bytes = row.sequence as Uint8Array
  const sequence = new DataView(bytes.buffer, bytes.byteOffset, SEQUENCE_BYTES).getBigUint64(0)
  return { sequence, eolMs: Number(row.eolMs) }
}

function sequenceBytes(sequence: bigint): Uint8Array {
  const bytes = new Uint8Array(SEQUENCE_BYTES)
  new DataView(bytes.buffer).setBigUint64(0, sequence)
  return bytes
}
