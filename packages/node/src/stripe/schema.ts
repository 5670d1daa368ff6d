/**
 * Tables of the Stripe sink, in `billing.sqlite`.
 * @module
 */

/**
 * Who customers are at Stripe, what is to be sent there and what was, and how far usage was put
 * down. `value` is a decimal: sums over a month may pass 2^63.
 */
export const STRIPE_SCHEMA = `
  CREATE TABLE stripe_customers (
    customer TEXT PRIMARY KEY,
    stripe_id TEXT NOT NULL UNIQUE
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE stripe_outbox (
    id INTEGER PRIMARY KEY,
    customer TEXT NOT NULL,
    meter TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    identifier TEXT NOT NULL UNIQUE,
    value TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')),
    attempts INTEGER NOT NULL,
    tried_ms INTEGER,
    not_before_ms INTEGER NOT NULL,
    sent_ms INTEGER,
    reason TEXT NOT NULL,
    UNIQUE (customer, meter, epoch, revision)
  ) STRICT;
  CREATE INDEX stripe_waiting ON stripe_outbox (not_before_ms) WHERE state = 'waiting';
  CREATE TABLE stripe_watermark (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    first_epoch INTEGER NOT NULL,
    end_epoch INTEGER NOT NULL
  ) STRICT
`
