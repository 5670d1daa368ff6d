/**
 * Tables of the front door.
 * @module
 */

/**
 * Invocations that were run, and their receipts, in the order in which they ran. `end_bytes` counts
 * the bytes of all rows up to and with this one, those that are gone included.
 */
export const AGENT = `
CREATE TABLE agent_tasks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  task BLOB NOT NULL UNIQUE,
  invocation BLOB NOT NULL,
  receipt_cid BLOB NOT NULL,
  receipt BLOB NOT NULL,
  ran_ms INTEGER NOT NULL,
  end_bytes INTEGER NOT NULL
) STRICT;
`
