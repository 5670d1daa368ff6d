/**
 * Tables of `billing.sqlite` about what storage nodes delivered.
 * @module
 */

/**
 * `payout_batches` has each batch that a node told of once, and, once it was consolidated, the
 * receipt of that. `payout_seen` has each retrieval that was ever counted, by the SHA-256 in its
 * CID, and is never emptied. `payout_days` sums them by the month that pays, day and space.
 */
export const PAYOUT_SCHEMA = `
CREATE TABLE payout_nodes (id INTEGER PRIMARY KEY, did TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE payout_spaces (id INTEGER PRIMARY KEY, did TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE payout_batches (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  node INTEGER NOT NULL REFERENCES payout_nodes,
  batch BLOB NOT NULL,
  url TEXT NOT NULL,
  tracked_ms INTEGER NOT NULL,
  task BLOB NOT NULL UNIQUE,
  invocation BLOB NOT NULL,
  receipt_cid BLOB,
  receipt BLOB,
  consolidated_ms INTEGER,
  UNIQUE (node, batch)
) STRICT;
CREATE INDEX payout_batches_waiting ON payout_batches (node) WHERE receipt IS NULL;

CREATE TABLE payout_seen (
  node INTEGER NOT NULL,
  task BLOB NOT NULL,
  PRIMARY KEY (node, task)
) STRICT, WITHOUT ROWID;

CREATE TABLE payout_days (
  node INTEGER NOT NULL REFERENCES payout_nodes,
  month TEXT NOT NULL,
  day INTEGER NOT NULL,
  space INTEGER NOT NULL REFERENCES payout_spaces,
  bytes INTEGER NOT NULL,
  receipts INTEGER NOT NULL,
  PRIMARY KEY (node, month, day, space)
) STRICT, WITHOUT ROWID;
`
