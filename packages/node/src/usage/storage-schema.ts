/**
 * The table of what was stored on which day, and its migration.
 * @module
 */

/**
 * Whole days on which sizes changed, added up from the catalog's deltas: of each space, and of all
 * together (`space` is empty). `size` is the size at the end of the day, `byte_ms` a decimal number
 * that may pass what 64 bits hold. Derived: all of it may be deleted, and comes again.
 *
 * `storage_totals` has the last delta that is added up.
 */
export const STORAGE_DAYS = `
CREATE TABLE storage_days (
  space TEXT NOT NULL,
  day INTEGER NOT NULL,
  byte_ms TEXT NOT NULL,
  size INTEGER NOT NULL,
  PRIMARY KEY (space, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE storage_totals (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  delta INTEGER NOT NULL
) STRICT;
INSERT INTO storage_totals VALUES (1, 0);
`
