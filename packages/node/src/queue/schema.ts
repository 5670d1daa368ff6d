/**
 * Tables of the queue, in whatever database its puts have to be in one transaction with.
 * @module
 */

/**
 * Ids are never used again, and each taking and each settlement moves `lease` on: what a late
 * holder has in hand fits no row any more.
 */
export const QUEUE_SCHEMA = `
  CREATE TABLE queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL,
    key TEXT NOT NULL,
    body BLOB NOT NULL,
    put_ms INTEGER NOT NULL,
    not_before_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    lease INTEGER NOT NULL DEFAULT 0,
    dead_ms INTEGER,
    reason TEXT NOT NULL DEFAULT '',
    UNIQUE (topic, key)
  ) STRICT;
  CREATE INDEX queue_waiting ON queue (topic, not_before_ms) WHERE dead_ms IS NULL;
  CREATE INDEX queue_dead ON queue (topic, dead_ms) WHERE dead_ms IS NOT NULL
`
