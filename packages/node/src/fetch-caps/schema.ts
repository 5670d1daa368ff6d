/**
 * Table of what was fetched.
 * @module
 */

/**
 * Bytes asked of origins, by day (since the Unix epoch, UTC), and by space or origin: `space
 * did:…`, `origin https://…`. The ledger can't tell: it has no providers, and hears of a fetch
 * when its read has ended.
 */
export const FETCHED = `
CREATE TABLE fetched (
  day INTEGER NOT NULL,
  key TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (day, key)
) STRICT, WITHOUT ROWID;
`
