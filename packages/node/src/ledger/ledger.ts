/**
 * The `Ledger` port on SQLite: a database of its own, that can be deleted and built again.
 * @module
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { USAGE_ROWS_MAX } from '@turnpike/core/limits/log'
import { SQLITE_BUSY_TIMEOUT_MS } from '@turnpike/core/limits/store'
import { WatermarkMoved } from '@turnpike/core/ports/ledger'
import type {
  Ledger,
  LedgerAnswer,
  LedgerBatch,
  LedgerQuery,
  LedgerRow,
  UsageBy,
  UsageCounts,
} from '@turnpike/core/ports/ledger'
import { fail, ok } from '@turnpike/core/result'
import type { Result, Unit } from '@turnpike/core/result'
import { transact } from '../catalog/database.ts'
import { openVersioned } from '../log/version.ts'

// NORMAL: after a power loss the last batches may be gone, whole, with their watermark. They are
// in the log, and are added again.
const PRAGMAS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
`
const SCHEMA = `
  CREATE TABLE usage (
    epoch INTEGER NOT NULL,
    space TEXT NOT NULL,
    cid BLOB NOT NULL,
    reads INTEGER NOT NULL,
    denied INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    bytes_delivered INTEGER NOT NULL,
    bytes_fetched INTEGER NOT NULL,
    bytes_voided INTEGER NOT NULL,
    PRIMARY KEY (epoch, space, cid)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE watermark (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    entry INTEGER NOT NULL
  ) STRICT;
  INSERT INTO watermark VALUES (1, 0)
`
const ADD = `
  INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET
    reads = reads + excluded.reads,
    denied = denied + excluded.denied,
    errors = errors + excluded.errors,
    bytes = bytes + excluded.bytes,
    bytes_delivered = bytes_delivered + excluded.bytes_delivered,
    bytes_fetched = bytes_fetched + excluded.bytes_fetched,
    bytes_voided = bytes_voided + excluded.bytes_voided
`
const SUMS = `
  coalesce(sum(reads), 0) AS reads,
  coalesce(sum(denied), 0) AS denied,
  coalesce(sum(errors), 0) AS errors,
  coalesce(sum(bytes), 0) AS bytes,
  coalesce(sum(bytes_delivered), 0) AS bytesDelivered,
  coalesce(sum(bytes_fetched), 0) AS bytesFetched,
  coalesce(sum(bytes_voided), 0) AS bytesVoided
`
const KEYS: { readonly [by in UsageBy]: string } = { space: 'space', day: 'epoch / 24', cid: 'cid' }
const ORDERS: { readonly [by in UsageBy]: string } = {
  space: 'bytes DESC, key',
  day: 'key',
  cid: 'bytes DESC, key',
}

/** A ledger in a file. Another process may read it; one at a time adds to it. */
export class SqliteLedger implements Ledger {
  readonly #database: DatabaseSync
  readonly #add: StatementSync

  /**
   * Opens the ledger at `path`, made when it isn't there.
   *
   * @throws {StoreTooNew} when a newer program wrote it
   * @example
   * const ledger = new SqliteLedger('/data/ledger.sqlite')
   */
  constructor(path: string) {
    this.#database = openVersioned(path, SQLITE_BUSY_TIMEOUT_MS, PRAGMAS, SCHEMA)
    this.#add = this.#database.prepare(ADD)
  }

  watermark(): number {
    return Number(this.#database.prepare('SELECT entry FROM watermark').get()!['entry'])
  }

  apply(batch: LedgerBatch): Result<Unit, WatermarkMoved> {
    if (batch.end < batch.first)
      throw new RangeError(`"end" expected >= ${batch.first}, got ${batch.end}`)
    return transact(this.#database, () => {
      const watermark = this.watermark()
      if (watermark !== batch.first) return fail(new WatermarkMoved(batch.first, watermark))
      for (const row of batch.rows)
        this.#add.run(
          row.epoch,
          row.space,
          row.cid,
          row.reads,
          row.denied,
          row.errors,
          row.bytes,
          row.bytesDelivered,
          row.bytesFetched,
          row.bytesVoided,
        )
      this.#database.prepare('UPDATE watermark SET entry = ?').run(batch.end)
      return ok({})
    })
  }

  query({ firstEpoch, lastEpoch, by }: LedgerQuery): LedgerAnswer {
    const range = [firstEpoch, lastEpoch]
    const where = 'FROM usage WHERE epoch BETWEEN ? AND ?'
    // One transaction: total and rows are of the same moment.
    return transact(this.#database, () => {
      const total = this.#all(
        `SELECT ${SUMS}, min(epoch) AS first, max(epoch) AS last ${where}`,
        range,
      )[0]!
      const epochs =
        total['first'] === null
          ? undefined
          : { first: Number(total['first']), last: Number(total['last']) }
      if (by === undefined) return { total: counts(total), rows: [], rowsLeftOff: 0, epochs }
      const grouped = `SELECT ${KEYS[by]} AS key, ${SUMS} ${where} GROUP BY key`
      const rows = this.#all(`${grouped} ORDER BY ${ORDERS[by]} LIMIT ${USAGE_ROWS_MAX}`, range)
      const groups = `SELECT count(DISTINCT ${KEYS[by]}) AS groups ${where}`
      const rowsLeftOff = Number(this.#all(groups, range)[0]!['groups']) - rows.length
      return { total: counts(total), rows: rows.map(ledgerRow), rowsLeftOff, epochs }
    })
  }

  clear(): void {
    transact(this.#database, () =>
      this.#database.exec('DELETE FROM usage; UPDATE watermark SET entry = 0'),
    )
  }

  /** Gives the file back. Nothing may be called afterwards. */
  close(): void {
    this.#database.close()
  }

  #all(sql: string, values: readonly SQLInputValue[]): Row[] {
    const statement = this.#database.prepare(sql)
    // Sums pass 2^53, which a number would round.
    statement.setReadBigInts(true)
    return statement.all(...values) as Row[]
  }
}

type Row = { readonly [column: string]: bigint | string | Uint8Array | null }

function ledgerRow(row: Row): LedgerRow {
  const key = row['key'] as bigint | string | Uint8Array
  return Object.assign(counts(row), { key: typeof key === 'bigint' ? Number(key) : key })
}

function counts(row: Row): UsageCounts {
  return {
    reads: Number(row['reads']),
    denied: Number(row['denied']),
    errors: Number(row['errors']),
    bytes: row['bytes'] as bigint,
    bytesDelivered: row['bytesDelivered'] as bigint,
    bytesFetched: row['bytesFetched'] as bigint,
    bytesVoided: row['bytesVoided'] as bigint,
  }
}
