/**
 * The `DomainIndex` port on SQLite, in a file of its own: it can be deleted, and is made again.
 * @module
 */
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite'
import { DOMAINS_EPOCH_MAX } from '@turnpike/core/limits/read-receipts'
import { SQLITE_BUSY_TIMEOUT_MS } from '@turnpike/core/limits/store'
import type {
  DomainBatch,
  DomainCounts,
  DomainIndex,
  DomainStanding,
  EpochCounts,
  KindCounts,
} from '@turnpike/core/ports/domain-index'
import { transact } from '../catalog/database.ts'
import { openVersioned } from '../log/version.ts'

// NORMAL: after a power loss the last batches may be gone, whole, with their position. They are in
// the log, and are added again.
const PRAGMAS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
`
const COUNTS = `
  reads INTEGER NOT NULL,
  denied INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  last_ms INTEGER NOT NULL
`
const SCHEMA = `
  CREATE TABLE domain (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE domain_epoch (
    epoch INTEGER NOT NULL,
    domain INTEGER NOT NULL,
    ${COUNTS},
    PRIMARY KEY (epoch, domain)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX domain_epoch_by_domain ON domain_epoch (domain, epoch);
  CREATE TABLE whole_epoch (epoch INTEGER PRIMARY KEY, ${COUNTS}) STRICT;
  CREATE TABLE kind (name TEXT PRIMARY KEY, entries INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE position (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    first INTEGER NOT NULL,
    next INTEGER NOT NULL,
    tip BLOB NOT NULL
  ) STRICT;
`
const TABLES = ['domain_epoch', 'whole_epoch', 'domain', 'kind', 'position']

const ADD_COUNTS = `ON CONFLICT DO UPDATE SET
  reads = reads + excluded.reads,
  denied = denied + excluded.denied,
  bytes = bytes + excluded.bytes,
  last_ms = max(last_ms, excluded.last_ms)`
const SUMS = `
  coalesce(sum(reads), 0) AS reads,
  coalesce(sum(denied), 0) AS denied,
  coalesce(sum(bytes), 0) AS bytes,
  coalesce(max(last_ms), 0) AS lastMs`
const OF_DOMAIN = `
  FROM domain_epoch
  WHERE domain = (SELECT id FROM domain WHERE name = ?) AND epoch BETWEEN ? AND ?`

const NO_KINDS: KindCounts = { read: 0, exec: 0, ack: 0, seal: 0, void: 0, fetch: 0 }

type Row = Record<string, SQLOutputValue>

/** An index in a file. It has one writer. */
export class SqliteDomainIndex implements DomainIndex {
  readonly #database: DatabaseSync
  readonly #name: StatementSync
  readonly #find: StatementSync
  readonly #addDomain: StatementSync
  readonly #addWhole: StatementSync
  readonly #sum: StatementSync
  readonly #list: StatementSync
  readonly #whole: StatementSync
  /** Numbers of the domains that an epoch has so far: of the one that was written last. */
  #known: { readonly epoch: number; readonly domains: Map<string, number> } | undefined

  /** @throws {StoreTooNew} when a newer program wrote the file */
  constructor(path: string) {
    const database = openVersioned(path, SQLITE_BUSY_TIMEOUT_MS, PRAGMAS, SCHEMA)
    this.#database = database
    const prepare = (sql: string): StatementSync => {
      const statement = database.prepare(sql)
      statement.setReadBigInts(true)
      return statement
    }
    this.#name = database.prepare('INSERT OR IGNORE INTO domain (name) VALUES (?)')
    this.#find = database.prepare('SELECT id FROM domain WHERE name = ?')
    this.#addDomain = prepare(`INSERT INTO domain_epoch VALUES (?, ?, ?, ?, ?, ?) ${ADD_COUNTS}`)
    this.#addWhole = prepare(`INSERT INTO whole_epoch VALUES (?, ?, ?, ?, ?) ${ADD_COUNTS}`)
    this.#sum = prepare(`SELECT ${SUMS} ${OF_DOMAIN}`)
    this.#list = prepare(
      `SELECT epoch, reads, denied, bytes, last_ms AS lastMs ${OF_DOMAIN} ORDER BY epoch LIMIT ?`,
    )
    this.#whole = prepare(`SELECT ${SUMS} FROM whole_epoch WHERE epoch = ?`)
  }

  standing(): DomainStanding {
    const kinds: Record<string, number> = { ...NO_KINDS }
    for (const { name, entries } of this.#database.prepare('SELECT * FROM kind').all())
      kinds[String(name)] = Number(entries)
    const row = this.#database.prepare('SELECT first, next, tip FROM position').get()
    return {
      from: Number(row?.['first'] ?? 0),
      through: Number(row?.['next'] ?? 0),
      kinds: kinds as KindCounts,
      tip: row === undefined ? undefined : (row['tip'] as Uint8Array),
    }
  }

  sum(domain: string, first: number, last: number): DomainCounts {
    return countsOf(this.#sum.get(domain, first, last)!)
  }

  epochs(domain: string, first: number, last: number, countMax: number): EpochCounts[] {
    return this.#list
      .all(domain, first, last, countMax)
      .map((row) => Object.assign(countsOf(row), { epoch: Number(row['epoch']) }))
  }

  all(epoch: number): DomainCounts {
    return countsOf(this.#whole.get(epoch)!)
  }

  add(batch: DomainBatch): void {
    try {
      transact(this.#database, () => this.#write(batch))
    } catch (error) {
      this.#known = undefined
      throw error
    }
  }

  clear(): void {
    this.#known = undefined
    transact(this.#database, () => {
      for (const table of TABLES) this.#database.exec(`DELETE FROM ${table}`)
    })
  }

  close(): void {
    this.#database.close()
  }

  #write({ first, end, counts, kinds, tip }: DomainBatch): void {
    const { through } = this.standing()
    if (first < through || end < first)
      throw new RangeError(`batch expected from ${through} on, got ${first} to ${end}`)
    for (const { epoch, domain, reads, denied, bytes, lastMs } of counts) {
      this.#addDomain.run(epoch, this.#numberOf(epoch, domain), reads, denied, bytes, lastMs)
      this.#addWhole.run(epoch, reads, denied, bytes, lastMs)
    }
    const addKind = this.#database.prepare(
      `INSERT INTO kind VALUES (?, ?)
       ON CONFLICT DO UPDATE SET entries = entries + excluded.entries`,
    )
    for (const [name, entries] of Object.entries(kinds)) addKind.run(name, entries)
    this.#database
      .prepare(
        `INSERT INTO position VALUES (1, ?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET next = excluded.next, tip = excluded.tip`,
      )
      .run(first, end, tip)
  }

  /** The number of a domain in an epoch: that of none when there are too many. */
  #numberOf(epoch: number, domain: string): number {
    const domains = this.#domainsOf(epoch)
    const known = domains.get(domain)
    if (known !== undefined) return known
    // A bound on names that others may choose, as summary rows have; by the order of the log, so
    // that an index which is made again says the same.
    if (domains.size >= DOMAINS_EPOCH_MAX - 1 && domain !== '') return this.#numberOf(epoch, '')
    this.#name.run(domain)
    const id = Number(this.#find.get(domain)!['id'])
    domains.set(domain, id)
    return id
  }

  #domainsOf(epoch: number): Map<string, number> {
    if (this.#known?.epoch === epoch) return this.#known.domains
    const sql =
      'SELECT name, id FROM domain_epoch JOIN domain ON domain.id = domain WHERE epoch = ?'
    const rows = this.#database.prepare(sql).all(epoch)
    const domains = new Map(rows.map(({ name, id }) => [String(name), Number(id)]))
    this.#known = { epoch, domains }
    return domains
  }
}

function countsOf(row: Row): DomainCounts {
  return {
    reads: Number(row['reads']),
    denied: Number(row['denied']),
    bytes: BigInt(row['bytes'] as bigint),
    lastMs: Number(row['lastMs']),
  }
}
