/**
 * The migration that makes room for the claims of others, and for what follows from them.
 * @module
 */

/**
 * `claims` has what was there, each with the address of our own store, which is shown to nobody
 * (`public` 0), and those that are: issued here for what a space holds (`held`, with which they go;
 * `base` is the public address of that time), or taken from others. `claim_counts` spares counting
 * them. `claim_urls` has the addresses of public location claims.
 *
 * `claimed_*` is what indexes of others say. Each part goes with the claim that it came from.
 * `distrusted` has indexes that lied, by their multihash; they are not taken in again.
 */
export const CLAIMS = `
ALTER TABLE claims RENAME TO claims_before;
DROP INDEX claims_by_content;
CREATE TABLE claims (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  cid BLOB NOT NULL UNIQUE,
  kind TEXT NOT NULL DEFAULT 'location',
  issuer TEXT NOT NULL,
  content BLOB NOT NULL,
  space TEXT,
  starts_ms INTEGER,
  expires_ms INTEGER,
  believed INTEGER NOT NULL DEFAULT 1,
  public INTEGER NOT NULL DEFAULT 0,
  held INTEGER REFERENCES space_blobs ON DELETE CASCADE,
  base TEXT,
  archive BLOB NOT NULL
) STRICT;
CREATE TABLE claim_counts (believed INTEGER PRIMARY KEY, claims INTEGER NOT NULL) STRICT;
INSERT INTO claim_counts VALUES (0, 0), (1, 0);
CREATE TRIGGER claims_more AFTER INSERT ON claims BEGIN
  UPDATE claim_counts SET claims = claims + 1 WHERE believed = new.believed; END;
CREATE TRIGGER claims_less AFTER DELETE ON claims BEGIN
  UPDATE claim_counts SET claims = claims - 1 WHERE believed = old.believed; END;
INSERT INTO claims (cid, issuer, content, space, expires_ms, archive)
  SELECT cid, issuer, content, space, expires_ms, archive FROM claims_before ORDER BY rowid;
DROP TABLE claims_before;
CREATE INDEX claims_by_content ON claims (content, public, believed DESC, id);
CREATE INDEX claims_of_others ON claims (id) WHERE public AND held IS NULL;
CREATE INDEX claims_by_held ON claims (held) WHERE held IS NOT NULL;
CREATE INDEX claims_by_expiry ON claims (expires_ms) WHERE expires_ms IS NOT NULL;

CREATE TABLE claim_urls (
  claim INTEGER NOT NULL REFERENCES claims ON DELETE CASCADE,
  url TEXT NOT NULL,
  offset INTEGER NOT NULL,
  length INTEGER,
  PRIMARY KEY (claim, url)
) STRICT, WITHOUT ROWID;

CREATE TABLE claimed_indexes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  claim INTEGER NOT NULL UNIQUE REFERENCES claims ON DELETE CASCADE,
  multihash BLOB NOT NULL,
  slices INTEGER NOT NULL
) STRICT;
CREATE INDEX claimed_indexes_by_multihash ON claimed_indexes (multihash);

CREATE TABLE claimed_shards (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source INTEGER NOT NULL REFERENCES claimed_indexes ON DELETE CASCADE,
  multihash BLOB NOT NULL,
  size INTEGER,
  UNIQUE (source, multihash)
) STRICT;

CREATE TABLE claimed_slices (
  multihash BLOB NOT NULL,
  shard INTEGER NOT NULL REFERENCES claimed_shards ON DELETE CASCADE,
  offset INTEGER NOT NULL,
  length INTEGER NOT NULL,
  PRIMARY KEY (multihash, shard)
) STRICT, WITHOUT ROWID;
CREATE INDEX claimed_slices_by_shard ON claimed_slices (shard);

CREATE TABLE distrusted (multihash BLOB PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`

/** Archives of indexes of others, as they came, to be handed on; none of those taken in before. */
export const CLAIMED_ARCHIVES = `
ALTER TABLE claimed_indexes ADD COLUMN archive BLOB;
`
