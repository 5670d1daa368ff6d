/**
 * Content claims in the catalog.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { readKnownClaim } from '@turnpike/core/claims/read'
import {
  CLAIM_HINTS_MAX,
  CLAIM_HINTS_PER_CONTENT_MAX,
  CLAIMS_MAX,
  CLAIMS_PAGE,
} from '@turnpike/core/limits/claims'
import {
  ClaimsFull,
  ClaimUnknown,
  type ClaimKind,
  type ClaimStore,
  type ClaimWriter,
  type StoredClaim,
} from '@turnpike/core/ports/claims'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail, ok, type Result, type Unit } from '@turnpike/core/result'
import { transact } from '../catalog/database.ts'
import { nodeHasher } from '../hasher.ts'

/** How many claims there may be. */
export interface ClaimRoom {
  readonly claimsMax: number
  readonly hintsMax: number
  readonly hintsPerContentMax: number
}

const ROOM: ClaimRoom = {
  claimsMax: CLAIMS_MAX,
  hintsMax: CLAIM_HINTS_MAX,
  hintsPerContentMax: CLAIM_HINTS_PER_CONTENT_MAX,
}

/** Columns of a claim `c`, as {@link claimOf} wants them. */
export const CLAIM_FIELDS = `c.id, c.cid, c.kind, c.issuer, c.content, c.space,
  c.starts_ms AS startsMs, c.expires_ms AS expiresMs, c.believed, c.archive`

const INSERT = `INSERT INTO claims
    (cid, kind, issuer, content, space, starts_ms, expires_ms, believed, public, held, base,
     archive)
  VALUES (:cid, :kind, :issuer, :content, :space, :startsMs, :expiresMs, :believed, 1, :held, :base,
    :archive)`

/** That a space holds a blob, and where others get it. */
export interface Holding {
  /** Row of `space_blobs`. */
  readonly held: number
  /** Public address of this gateway. */
  readonly base: string
}

/** What a claim `c` has to be at time `:now` to be used: for any statement about claims. */
export const IN_FORCE = `coalesce(c.starts_ms <= :now, 1) AND coalesce(c.expires_ms > :now, 1)
  AND NOT EXISTS (SELECT 1 FROM revocations r WHERE r.cid = c.cid
    AND (r.issuer = c.issuer OR r.archive IS NULL))`

/** A claim in a list of them. */
export interface ListedClaim extends StoredClaim {
  /** Whether it is shown to others. */
  readonly public: boolean
}

/**
 * Both sides of the store. Reading works on a read-only connection; writing is for the folder's
 * owner. Claims with the address of our own store are not found here: they are nobody else's.
 *
 * @example
 * for await (const claim of new CatalogClaims(catalog, nodeClock).byContent(multihash)) use(claim)
 */
export class CatalogClaims implements ClaimStore, ClaimWriter {
  readonly #catalog: DatabaseSync
  readonly #clock: Clock
  readonly #room: ClaimRoom
  readonly #page: StatementSync
  readonly #byCid: StatementSync

  constructor(catalog: DatabaseSync, clock: Clock, room: ClaimRoom = ROOM) {
    this.#catalog = catalog
    this.#clock = clock
    this.#room = room
    this.#page = catalog.prepare(
      `SELECT ${CLAIM_FIELDS} FROM claims c
       WHERE c.content = :content AND c.public AND c.believed = :believed AND c.id > :after
         AND c.kind IN (SELECT value FROM json_each(:kinds)) AND ${IN_FORCE}
       ORDER BY c.id LIMIT ${CLAIMS_PAGE}`,
    )
    this.#byCid = catalog.prepare(
      `SELECT ${CLAIM_FIELDS} FROM claims c WHERE c.cid = :cid AND c.public AND ${IN_FORCE}`,
    )
  }

  /** Page by page, so that no statement stays open while its reader does something else. */
  async *byContent(
    content: Uint8Array,
    kinds: readonly ClaimKind[] = ALL_KINDS,
  ): AsyncGenerator<StoredClaim, void, void> {
    const asked = { content, kinds: JSON.stringify(kinds) }
    for (const believed of [1, 0])
      for (let after = 0; ;) {
        const page = this.#page.all({ ...asked, believed, after, now: this.#clock.nowMs() })
        for (const row of page) yield claimOf(row)
        if (page.length < CLAIMS_PAGE) break
        after = Number(page.at(-1)!.id)
      }
  }

  byCid(cid: Uint8Array): StoredClaim | undefined {
    const row = this.#byCid.get({ cid, now: this.#clock.nowMs() })
    return row === undefined ? undefined : claimOf(row)
  }

  put(claim: StoredClaim): Result<{ readonly stored: boolean }, ClaimsFull> {
    return transact(this.#catalog, () => this.#put(claim, undefined))
  }

  /**
   * Stores the claims that were issued here about what a space holds, in place of those that were
   * there. They go when it holds it no longer; a holding that is gone by now gets none.
   */
  putHeld(holding: Holding, claims: readonly StoredClaim[]): Result<Unit, ClaimsFull> {
    return transact(this.#catalog, () => {
      const { held } = holding
      const find = this.#catalog.prepare('SELECT 1 FROM space_blobs WHERE accepted = ?')
      if (find.get(held) === undefined) return ok({})
      this.#catalog.prepare('DELETE FROM claims WHERE held = ?').run(held)
      for (const claim of claims) {
        const put = this.#put(claim, holding)
        if (put.error) return put
      }
      return ok({})
    })
  }

  #put(
    claim: StoredClaim,
    holding: Holding | undefined,
  ): Result<{ readonly stored: boolean }, ClaimsFull> {
    const known = this.#catalog.prepare('SELECT 1 FROM claims WHERE cid = ?')
    if (known.get(claim.cid) !== undefined) return ok({ stored: false })
    const full = this.#makeRoom(claim)
    if (full !== undefined) return fail(full)
    const { kind, archive, believed } = claim
    const { space = null, startsMs = null, expiresMs = null } = claim
    const { held = null, base = null } = holding ?? {}
    const nullable = { space, startsMs, expiresMs, held, base }
    const { lastInsertRowid: id } = this.#catalog
      .prepare(INSERT)
      .run({ ...claim, ...nullable, believed: Number(believed) })
    if (kind === 'location') this.#addUrls(id, archive)
    return ok({ stored: true })
  }

  withdraw(cid: Uint8Array): Result<Unit, ClaimUnknown> {
    const { changes } = this.#catalog
      .prepare('DELETE FROM claims WHERE cid = ? AND public')
      .run(cid)
    if (changes === 0) return fail(new ClaimUnknown('claim expected to be stored here, is not'))
    return ok({})
  }

  /** Claims of any kind and standing, those of our own store among them, the newest first. */
  list(content: Uint8Array | undefined, limit: number): ListedClaim[] {
    const which = content === undefined ? '' : 'WHERE c.content = :content'
    return this.#catalog
      .prepare(
        `SELECT ${CLAIM_FIELDS}, c.public FROM claims c ${which} ORDER BY c.id DESC LIMIT :limit`,
      )
      .all({ limit, ...(content !== undefined && { content }) })
      .map((row) => Object.assign(claimOf(row), { public: row.public === 1 }))
  }

  #addUrls(id: number | bigint, archive: Uint8Array): void {
    const says = readKnownClaim(archive, nodeHasher).ok?.says
    if (says?.kind !== 'location') return
    const insert = this.#catalog.prepare(
      'INSERT OR IGNORE INTO claim_urls (claim, url, offset, length) VALUES (?, ?, ?, ?)',
    )
    for (const url of says.urls) insert.run(id, url, says.offset, says.length ?? null)
  }

  /** Forgets what is over, where there is no room else. */
  #makeRoom({ believed, content }: StoredClaim): ClaimsFull | undefined {
    const { claimsMax, hintsMax, hintsPerContentMax } = this.#room
    const over = 'DELETE FROM claims WHERE expires_ms <= ?'
    const about = 'SELECT count(*) AS n FROM claims WHERE content = ? AND public AND believed = 0'
    const bounds = [
      { max: claimsMax, what: 'claims', count: () => this.#count(COUNT_ALL) },
      { max: hintsMax, what: 'claims of unknown issuers', count: () => this.#count(COUNT_HINTS) },
      {
        max: hintsPerContentMax,
        what: 'claims of unknown issuers about this content',
        count: () => this.#count(about, content),
      },
    ]
    for (const { max, what, count } of believed ? bounds.slice(0, 1) : bounds) {
      if (count() >= max) this.#catalog.prepare(over).run(this.#clock.nowMs())
      if (count() >= max) return new ClaimsFull(`${what} expected < ${max}, got as many`)
    }
    return undefined
  }

  #count(sql: string, ...values: Uint8Array[]): number {
    return Number(this.#catalog.prepare(sql).get(...values)!.n)
  }
}

const COUNT_ALL = 'SELECT sum(claims) AS n FROM claim_counts'
const COUNT_HINTS = 'SELECT claims AS n FROM claim_counts WHERE believed = 0'

const ALL_KINDS: readonly ClaimKind[] = [
  'location',
  'index',
  'equals',
  'inclusion',
  'partition',
  'relation',
]

/** A claim from a row with {@link CLAIM_FIELDS}. */
export function claimOf(row: Readonly<Record<string, unknown>>): StoredClaim {
  const { id: _, public: __, base: ___, space, startsMs, expiresMs, believed, ...others } = row
  return {
    ...others,
    space: space ?? undefined,
    startsMs: startsMs ?? undefined,
    expiresMs: expiresMs ?? undefined,
    believed: believed === 1,
  } as StoredClaim
}
