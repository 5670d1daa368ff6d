/**
 * Tables of the front door.
 * @module
 */

/** Invocations that were run, and their receipts, in the order in which they ran. */
export const AGENT = `
CREATE TABLE agent_tasks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  task BLOB NOT NULL UNIQUE,
  invocation BLOB NOT NULL,
  receipt_cid BLOB NOT NULL,
  receipt BLOB NOT NULL,
  ran_ms INTEGER NOT NULL
) STRICT;
`
