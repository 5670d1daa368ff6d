/**
 * Tables of credits, in `billing.sqlite`. All amounts are micro-credits.
 * @module
 */

/**
 * What governance decided; what was issued for each epoch of each log; lots, debts and spends that
 * come of it; and sums, which have to add up after every change.
 */
export const CREDITS_SCHEMA = `
  CREATE TABLE credit_events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('seed', 'policy')),
    epoch INTEGER NOT NULL,
    micros INTEGER CHECK (micros > 0),
    policy TEXT,
    note TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    issuance INTEGER
  ) STRICT;
  CREATE INDEX credit_policies ON credit_events (epoch, number) WHERE kind = 'policy';
  CREATE INDEX credit_seeds_waiting ON credit_events (epoch)
    WHERE kind = 'seed' AND issuance IS NULL;

  CREATE TABLE credit_issuances (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    log_id BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    issuance TEXT NOT NULL,
    UNIQUE (log_id, epoch)
  ) STRICT;
  CREATE INDEX credit_issuances_by_epoch ON credit_issuances (epoch);

  CREATE TABLE credit_lots (
    provider TEXT NOT NULL,
    issuance INTEGER NOT NULL,
    micros INTEGER NOT NULL CHECK (micros > 0),
    epoch INTEGER NOT NULL,
    end_epoch INTEGER NOT NULL,
    decay_ppm INTEGER NOT NULL,
    PRIMARY KEY (provider, issuance)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX credit_lots_by_end ON credit_lots (end_epoch);

  CREATE TABLE credit_debts (
    provider TEXT NOT NULL,
    region TEXT NOT NULL,
    bytes TEXT NOT NULL,
    PRIMARY KEY (provider, region)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE credit_spends (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    provider TEXT NOT NULL,
    micros INTEGER NOT NULL CHECK (micros > 0),
    epoch INTEGER NOT NULL,
    note TEXT NOT NULL,
    at_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE credit_sums (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seeded INTEGER NOT NULL CHECK (seeded >= 0),
    pool INTEGER NOT NULL CHECK (pool >= 0),
    spent INTEGER NOT NULL CHECK (spent >= 0),
    sunk INTEGER NOT NULL CHECK (sunk >= 0)
  ) STRICT;
  INSERT INTO credit_sums VALUES (1, 0, 0, 0, 0);

  CREATE TABLE credit_regions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    region TEXT NOT NULL UNIQUE,
    issued INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE credit_limits (reason TEXT PRIMARY KEY, times INTEGER NOT NULL) STRICT, WITHOUT ROWID
`
