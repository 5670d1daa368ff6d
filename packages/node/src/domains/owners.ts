/**
 * Who owned domains by their TXT records, and since when that is known.
 * @module
 */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import {
  DOMAINS_LISTED_MAX,
  DOMAINS_OWNED_MAX,
  OWNER_CHANGES_MAX,
} from '@turnpike/core/limits/read-receipts'
import type { DomainOwnerSaid } from '@turnpike/core/names/domain-owner'
import { fail, ok, type Result } from '@turnpike/core/result'
import { transact } from '../catalog/database.ts'

/** Its part of the schema of `billing.sqlite`: what DNS said once can't be asked again. */
export const DOMAIN_OWNERS = `
  CREATE TABLE domain_owners (
    domain TEXT NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    owner TEXT,
    record TEXT,
    PRIMARY KEY (domain, first_ms)
  ) STRICT, WITHOUT ROWID
`

/** What a domain's records said, from one look-up to another that found the same. */
export interface DomainOwner {
  readonly domain: string
  /** The owner's DID; null when nobody is named clearly. */
  readonly owner: string | null
  /** The record as it was; null when there was none. */
  readonly record: string | null
  /** First and last look-up that found it, wall-clock ms. */
  readonly firstMs: number
  readonly lastMs: number
}

/** Owners of as many domains are kept as can be. */
export class TooManyDomains extends Error {
  override readonly name = 'TooManyDomains'
  constructor() {
    super(`domains with owners expected <= ${DOMAINS_OWNED_MAX}: this one is not kept`)
  }
}

const COLUMNS = 'domain, owner, record, first_ms AS firstMs, last_ms AS lastMs'
const OF_DOMAIN = `SELECT ${COLUMNS} FROM domain_owners WHERE domain = ? ORDER BY first_ms DESC`

/** Owners in `billing.sqlite`, whose one writer this is. */
export class DomainOwners {
  readonly #billing: DatabaseSync

  constructor(billing: DatabaseSync) {
    this.#billing = billing
  }

  /** What was found last; undefined for a domain that was never looked up. */
  latest(domain: string): DomainOwner | undefined {
    const row = this.#billing.prepare(`${OF_DOMAIN} LIMIT 1`).get(domain)
    return row && ownerOf(row)
  }

  /** What was found over time, newest first: the last `OWNER_CHANGES_MAX` changes. */
  history(domain: string): DomainOwner[] {
    return this.#billing.prepare(OF_DOMAIN).all(domain).map(ownerOf)
  }

  /** What was found last of each domain, by name after `after`; at most `DOMAINS_LISTED_MAX`. */
  list(after: string): DomainOwner[] {
    const sql = `SELECT ${COLUMNS} FROM domain_owners AS one WHERE domain > ? AND first_ms =
      (SELECT max(first_ms) FROM domain_owners WHERE domain = one.domain) ORDER BY domain LIMIT ?`
    return this.#billing.prepare(sql).all(after, DOMAINS_LISTED_MAX).map(ownerOf)
  }

  /** Keeps what was found at `nowMs`. */
  keep(domain: string, said: DomainOwnerSaid, nowMs: number): Result<DomainOwner, TooManyDomains> {
    const owner = said.kind === 'owner' ? said.owner : null
    const record = said.kind === 'none' ? null : said.record
    return transact(this.#billing, () => {
      const before = this.latest(domain)
      const isSame = before?.owner === owner && before.record === record
      // By a clock that was set back, time stands still.
      const lastMs = Math.max(nowMs, before?.lastMs ?? 0)
      if (isSame) {
        const sql = 'UPDATE domain_owners SET last_ms = ? WHERE domain = ? AND first_ms = ?'
        this.#billing.prepare(sql).run(lastMs, domain, before.firstMs)
        return ok({ ...before, lastMs })
      }
      if (before === undefined && this.#count() >= DOMAINS_OWNED_MAX)
        return fail(new TooManyDomains())
      const firstMs = before === undefined ? nowMs : Math.max(nowMs, before.lastMs + 1)
      const found = { domain, owner, record, firstMs, lastMs: firstMs }
      const insert = this.#billing.prepare('INSERT INTO domain_owners VALUES (?, ?, ?, ?, ?)')
      insert.run(domain, firstMs, firstMs, owner, record)
      this.#forgetOldest(domain)
      return ok(found)
    })
  }

  #count(): number {
    const sql = 'SELECT count(DISTINCT domain) AS count FROM domain_owners'
    return Number(this.#billing.prepare(sql).get()!['count'])
  }

  #forgetOldest(domain: string): void {
    const sql = `DELETE FROM domain_owners WHERE domain = ?1 AND first_ms NOT IN
      (SELECT first_ms FROM domain_owners WHERE domain = ?1 ORDER BY first_ms DESC LIMIT ?2)`
    this.#billing.prepare(sql).run(domain, OWNER_CHANGES_MAX)
  }
}

function ownerOf(row: Record<string, SQLOutputValue>): DomainOwner {
  return {
    domain: String(row['domain']),
    owner: row['owner'] as string | null,
    record: row['record'] as string | null,
    firstMs: Number(row['firstMs']),
    lastMs: Number(row['lastMs']),
  }
}
