/**
 * Tables of what customers were given, and what they took from one month into the next.
 * @module
 */

/** Grants, payments into balances, and what was carried out of months that were closed. */
export const GIVEN = `
  CREATE TABLE grants (
    id TEXT PRIMARY KEY,
    customer TEXT NOT NULL,
    bytes INTEGER NOT NULL CHECK (bytes >= 0),
    priority INTEGER NOT NULL,
    first_epoch INTEGER NOT NULL,
    end_epoch INTEGER,
    created_ms INTEGER NOT NULL,
    voided_ms INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX grants_of ON grants (customer);

  CREATE TABLE credits (
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    customer TEXT NOT NULL,
    currency TEXT NOT NULL,
    micros INTEGER NOT NULL CHECK (micros > 0),
    epoch INTEGER NOT NULL,
    credited_ms INTEGER NOT NULL,
    PRIMARY KEY (source, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX credits_of ON credits (customer, epoch);

  CREATE TABLE carried (
    customer TEXT NOT NULL,
    period TEXT NOT NULL,
    credit_bytes INTEGER NOT NULL CHECK (credit_bytes >= 0),
    PRIMARY KEY (customer, period)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE carried_grants (
    customer TEXT NOT NULL,
    period TEXT NOT NULL,
    grant_id TEXT NOT NULL,
    left_bytes INTEGER NOT NULL CHECK (left_bytes >= 0),
    PRIMARY KEY (customer, period, grant_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE carried_drawn (
    customer TEXT NOT NULL,
    period TEXT NOT NULL,
    currency TEXT NOT NULL,
    micros INTEGER NOT NULL CHECK (micros >= 0),
    PRIMARY KEY (customer, period, currency)
  ) STRICT, WITHOUT ROWID;
`

/** What was told of customers' quotas, in the transactions that queued it. */
export const QUOTA_TOLD = `
  CREATE TABLE quota_told (
    customer TEXT PRIMARY KEY,
    first_epoch INTEGER NOT NULL,
    threshold INTEGER NOT NULL,
    state TEXT NOT NULL,
    changes INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID
`
