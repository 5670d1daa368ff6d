/**
 * Tables of the catalog and the migrations that lead to them.
 *
 * A migration, once released, is never edited: folders in the field have run it.
 * @module
 */
import { AGENT } from './agent-schema.ts'
import { CLAIMED_ARCHIVES, CLAIMS } from './claims-schema.ts'
import { FETCHED } from '../fetch-caps/schema.ts'
import { PROVISIONING } from './provisioning-schema.ts'
import { STORAGE } from './storage-schema.ts'

/** Marks a file as a Turnpike catalog: "TPKE" (SQLite's `application_id`). */
export const APPLICATION_ID = 0x54504b45

/**
 * Blobs are known by small integers, since `slices` repeats one for each block. AUTOINCREMENT where
 * an id outlives its row in caches (`blobs`) or says who came first (`spaces`, `space_blobs`).
 *
 * `slices` has no index by blob: that would double the largest table for the sake of gc, which
 * scans instead.
 */
const V1 = `
CREATE TABLE customers (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE spaces (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  did TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  customer INTEGER NOT NULL REFERENCES customers,
  created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE blobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  multihash BLOB NOT NULL UNIQUE,
  size INTEGER NOT NULL,
  local INTEGER NOT NULL
) STRICT;

CREATE TABLE blob_sites (
  url TEXT NOT NULL,
  blob INTEGER NOT NULL REFERENCES blobs,
  provider TEXT NOT NULL,
  PRIMARY KEY (url, blob)
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_sites_by_blob ON blob_sites (blob);

CREATE TABLE slices (
  multihash BLOB NOT NULL,
  blob INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  length INTEGER NOT NULL,
  PRIMARY KEY (multihash, blob)
) STRICT, WITHOUT ROWID;

CREATE TABLE space_blobs (
  accepted INTEGER PRIMARY KEY AUTOINCREMENT,
  space INTEGER NOT NULL REFERENCES spaces,
  blob INTEGER NOT NULL REFERENCES blobs,
  UNIQUE (blob, space)
) STRICT;

CREATE TABLE roots (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  space INTEGER NOT NULL REFERENCES spaces,
  cid BLOB NOT NULL,
  name TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  added_ms INTEGER NOT NULL,
  UNIQUE (space, cid)
) STRICT;

CREATE TABLE root_blobs (
  root INTEGER NOT NULL REFERENCES roots,
  blob INTEGER NOT NULL REFERENCES blobs,
  PRIMARY KEY (root, blob)
) STRICT, WITHOUT ROWID;
CREATE INDEX root_blobs_by_blob ON root_blobs (blob);

CREATE TABLE indexes (
  blob INTEGER PRIMARY KEY REFERENCES blobs,
  index_blob INTEGER NOT NULL REFERENCES blobs
) STRICT;
CREATE INDEX indexes_by_index_blob ON indexes (index_blob);

CREATE TABLE claims (
  cid BLOB NOT NULL UNIQUE,
  issuer TEXT NOT NULL,
  space TEXT,
  content BLOB NOT NULL,
  expires_ms INTEGER,
  archive BLOB NOT NULL
) STRICT;
CREATE INDEX claims_by_content ON claims (content, space);

CREATE TABLE delegations (
  cid BLOB NOT NULL UNIQUE,
  space TEXT NOT NULL,
  audience TEXT NOT NULL,
  can TEXT NOT NULL,
  starts_ms INTEGER,
  expires_ms INTEGER,
  stored_ms INTEGER NOT NULL,
  archive BLOB NOT NULL
) STRICT;
CREATE INDEX delegations_by_space ON delegations (space, audience, can);
`

/**
 * IPNS records by the multihash of their name. `sequence` has 8 bytes, most significant first,
 * since SQLite has no unsigned 64-bit numbers; it is null for a record that was invalid.
 * `own_names` has what is published here, by the key that signs it.
 */
const NAMES = `
CREATE TABLE names (
  multihash BLOB NOT NULL UNIQUE,
  record BLOB NOT NULL,
  sequence BLOB,
  eol_ms INTEGER,
  stored_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE own_names (
  key TEXT PRIMARY KEY,
  multihash BLOB NOT NULL UNIQUE,
  lifetime_ms INTEGER NOT NULL
) STRICT;
`

/**
 * What is not served. Rules that operators set are in `deny_rules`, each once (`key`: what it is
 * about); every list, theirs (`own`) and those imported, is packed in `deny_pieces` as processes
 * load it. `deny_state` and each list have the generation of their last change. `deny_log` only
 * grows.
 */
const DENY = `
CREATE TABLE deny_state (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  generation INTEGER NOT NULL
) STRICT;
INSERT INTO deny_state VALUES (1, 0);

CREATE TABLE deny_lists (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  source TEXT NOT NULL,
  etag TEXT,
  rules INTEGER NOT NULL,
  refused_lines INTEGER NOT NULL,
  pieces INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  changed_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE deny_pieces (
  list INTEGER NOT NULL REFERENCES deny_lists ON DELETE CASCADE,
  piece INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  UNIQUE (list, piece)
) STRICT;

CREATE TABLE deny_rules (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key BLOB NOT NULL UNIQUE,
  rule TEXT NOT NULL,
  reason TEXT NOT NULL,
  by TEXT NOT NULL,
  added_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE deny_log (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms INTEGER NOT NULL,
  by TEXT NOT NULL,
  action TEXT NOT NULL,
  what TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT;
CREATE TRIGGER deny_log_kept BEFORE DELETE ON deny_log
BEGIN SELECT RAISE(ABORT, 'deny_log only grows'); END;
CREATE TRIGGER deny_log_fixed BEFORE UPDATE ON deny_log
BEGIN SELECT RAISE(ABORT, 'deny_log only grows'); END;
`

/**
 * Delegations with everything they stand on, oldest first; one that names several spaces is kept
 * for each that it was stored for. Revocations stay, whatever becomes of what they revoke.
 * `delegation_state` tells serving processes that something changed.
 */
const REVOCATIONS = `
CREATE TABLE space_delegations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  cid BLOB NOT NULL,
  space TEXT NOT NULL,
  can TEXT NOT NULL,
  issuer TEXT NOT NULL,
  audience TEXT NOT NULL,
  starts_ms INTEGER,
  expires_ms INTEGER,
  stored_ms INTEGER NOT NULL,
  archive BLOB NOT NULL,
  UNIQUE (space, cid)
) STRICT;
CREATE INDEX space_delegations_by_cid ON space_delegations (cid);
INSERT INTO space_delegations
  (cid, space, can, issuer, audience, starts_ms, expires_ms, stored_ms, archive)
  SELECT cid, space, can, space, audience, starts_ms, expires_ms, stored_ms, archive
  FROM delegations ORDER BY rowid;
DROP TABLE delegations;

CREATE TABLE revocations (
  cid BLOB NOT NULL,
  issuer TEXT NOT NULL,
  revoked_ms INTEGER NOT NULL,
  archive BLOB,
  PRIMARY KEY (cid, issuer)
) STRICT, WITHOUT ROWID;

CREATE TABLE delegation_state (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  generation INTEGER NOT NULL
) STRICT;
INSERT INTO delegation_state VALUES (1, 0);
`

/** Migration `i` leads from version `i` to version `i + 1` (SQLite's `user_version`). */
export const MIGRATIONS: readonly string[] = [
  V1,
  NAMES,
  DENY,
  REVOCATIONS,
  CLAIMS,
  AGENT,
  FETCHED,
  CLAIMED_ARCHIVES,
  STORAGE,
  PROVISIONING,
]
