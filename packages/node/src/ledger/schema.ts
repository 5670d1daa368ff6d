/**
 * Tables of the ledger (docs/reference/ledger-file.md), and opening the file.
 * @module
 */
import { DatabaseSync } from 'node:sqlite'
import { SQLITE_BUSY_TIMEOUT_MS } from '@turnpike/core/limits/store'
import { StoreTooNew } from '../log/version.ts'
import { namingDamaged } from '../catalog/damaged.ts'
import { transact } from '../catalog/database.ts'

/** Layout of the tables. Another number: the ledger is counted again from the log. */
export const LEDGER_VERSION = 2

// NORMAL: after a power loss the last batches may be gone, whole, with their watermark. They are
// in the log, and are added again.
const PRAGMAS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
`
/** What to do about a ledger that is damaged. */
export const LEDGER_TODO = 'delete it, it is counted again from the log'

const SUM_COLUMNS = `
  reads INTEGER NOT NULL,
  denied INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  bytes_delivered INTEGER NOT NULL,
  bytes_fetched INTEGER NOT NULL,
  bytes_voided INTEGER NOT NULL
`

// Time comes first in the keys, so that the rows which are written, those of now, lie together
// however many older ones there are. The indexes, which change only when a space has its first
// entry in an hour, serve the questions about one space, and the totals those about all.
const SUM_TABLES = ['hour', 'day', 'month'].map(
  (unit) => `
    CREATE TABLE space_${unit} (
      time INTEGER NOT NULL,
      space INTEGER NOT NULL,
      ${SUM_COLUMNS},
      PRIMARY KEY (time, space)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX space_${unit}_by_space ON space_${unit} (space, time);
    CREATE TABLE total_${unit} (time INTEGER PRIMARY KEY, ${SUM_COLUMNS}) STRICT;`,
)
const SCHEMA = `
  CREATE TABLE space (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE provider (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  ${SUM_TABLES.join('')}
  CREATE TABLE cid_hour (
    time INTEGER NOT NULL,
    space INTEGER NOT NULL,
    cid BLOB NOT NULL,
    ${SUM_COLUMNS},
    PRIMARY KEY (time, space, cid)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE voided (
    target INTEGER PRIMARY KEY,
    space INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    target_epoch INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    reads INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX voided_by_space ON voided (space, epoch);
  CREATE TABLE fetched (
    epoch INTEGER NOT NULL,
    provider INTEGER NOT NULL,
    space INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    PRIMARY KEY (epoch, provider, space)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE standing (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    watermark INTEGER NOT NULL,
    cids_from_epoch INTEGER NOT NULL,
    whole INTEGER NOT NULL
  ) STRICT;
  INSERT INTO standing VALUES (1, 0, 0, 1);
`

/**
 * Opens the ledger's file, made when it isn't there. One of an older layout is emptied: what it
 * said is in the log.
 *
 * @throws {StoreTooNew} when a newer program wrote it
 * @throws {DatabaseDamaged} when it can't be read
 * @example
 * const database = openLedgerFile('/data/ledger.sqlite')
 */
export function openLedgerFile(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: SQLITE_BUSY_TIMEOUT_MS })
  try {
    database.exec(PRAGMAS)
    transact(database, () => {
      const version = Number(database.prepare('PRAGMA user_version').get()!['user_version'])
      if (version > LEDGER_VERSION) throw new StoreTooNew(path, version, LEDGER_VERSION)
      // The version is in the file's header: what is lost behind that is to be found now.
      database.exec('SELECT count(*) FROM sqlite_schema')
      if (version < LEDGER_VERSION) remake(database, version === 0)
    })
    return database
  } catch (error) {
    database.close()
    throw namingDamaged(error, path, LEDGER_TODO)
  }
}

/**
 * Drops all tables and makes those of this version, empty; inside a transaction. Unless it is
 * `whole`, sums can't be asked for before the log was counted.
 */
export function remake(database: DatabaseSync, whole: boolean): void {
  const sql = `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`
  for (const { name } of database.prepare(sql).all()) database.exec(`DROP TABLE "${name}"`)
  database.exec(`${SCHEMA}; PRAGMA user_version = ${LEDGER_VERSION}`)
  if (!whole) database.exec('UPDATE standing SET whole = 0')
}
