/**
 * Tables of closed months, in `billing.sqlite`.
 * @module
 */

/** Closed months, their statements, and the DIDs that the operator has had. */
export const STATEMENTS_SCHEMA = `
  CREATE TABLE closed_periods (
    period TEXT PRIMARY KEY,
    first_epoch INTEGER NOT NULL,
    end_epoch INTEGER NOT NULL UNIQUE,
    closed_ms INTEGER NOT NULL,
    gateway TEXT NOT NULL,
    digest TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE closed_statements (
    period TEXT NOT NULL REFERENCES closed_periods,
    account TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (account, period)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE operator_dids (did TEXT PRIMARY KEY) STRICT, WITHOUT ROWID
`
