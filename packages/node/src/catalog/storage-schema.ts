/**
 * The table of what spaces stored when, and its migration.
 * @module
 */

/**
 * Changes of the sizes of spaces, in the order in which they happened, which is that of their
 * dates. `size` is the space's size after the change, so that no sum over the past is needed.
 *
 * A folder from before has no past: what its spaces hold counts from the migration on, by the
 * first root that needs each blob; by the CAR CID (0x01, 0x0202) of one that no root needs.
 */
export const STORAGE = `
CREATE TABLE storage_deltas (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  space INTEGER NOT NULL REFERENCES spaces,
  at_ms INTEGER NOT NULL,
  cause BLOB NOT NULL,
  delta INTEGER NOT NULL,
  size INTEGER NOT NULL CHECK (size >= 0)
) STRICT;

INSERT INTO storage_deltas (space, at_ms, cause, delta, size)
SELECT space, CAST(unixepoch('subsec') * 1000 AS INTEGER), cause, delta,
  sum(delta) OVER (PARTITION BY space ORDER BY first)
FROM (
  SELECT h.space, min(h.accepted) AS first, sum(b.size) AS delta,
    coalesce(r.cid, CAST(X'018204' || b.multihash AS BLOB)) AS cause
  FROM space_blobs h JOIN blobs b ON b.id = h.blob
  LEFT JOIN roots r ON r.id = (
    SELECT min(n.root) FROM root_blobs n JOIN roots o ON o.id = n.root
    WHERE n.blob = h.blob AND o.space = h.space)
  GROUP BY h.space, cause
) ORDER BY first;

CREATE INDEX storage_deltas_by_space ON storage_deltas (space, at_ms, id, delta, size);
CREATE INDEX storage_deltas_by_date ON storage_deltas (at_ms);
`
