/**
 * Tables of epochs, in `billing.sqlite`.
 * @module
 */

/**
 * Epochs that are batched; runs of them that were sent to an anchor; what an anchor says against
 * the log.
 */
export const EPOCHS_SCHEMA = `
  CREATE TABLE epochs (
    epoch INTEGER PRIMARY KEY,
    previous_epoch INTEGER,
    first INTEGER NOT NULL,
    end INTEGER NOT NULL UNIQUE,
    root BLOB NOT NULL,
    previous_root BLOB NOT NULL,
    seal_leaf BLOB NOT NULL,
    summary_root BLOB NOT NULL,
    checkpoint BLOB NOT NULL,
    sealed_ms INTEGER NOT NULL,
    final TEXT
  ) STRICT;
  CREATE INDEX epochs_not_final ON epochs (epoch) WHERE final IS NULL;
  CREATE TABLE anchorings (
    anchor TEXT NOT NULL,
    first_epoch INTEGER NOT NULL,
    last_epoch INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('sent', 'anchored', 'final')),
    proof TEXT,
    intent BLOB,
    PRIMARY KEY (anchor, first_epoch)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX anchorings_not_final ON anchorings (anchor, first_epoch) WHERE state <> 'final';
  CREATE TABLE anchor_conflicts (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    anchor TEXT NOT NULL,
    message TEXT NOT NULL,
    since_ms INTEGER NOT NULL
  ) STRICT
`
