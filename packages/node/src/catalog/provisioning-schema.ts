/**
 * Tables of customers, the spaces that they own, and their plans.
 * @module
 */

/**
 * Customers had names and no DIDs, and every space was the demo customer's: it stays with it, from
 * the first hour on, so that nobody is billed for what was read before anybody was. `provider` and
 * `subscription` are empty until the folder is opened, since SQL does not know the gateway.
 *
 * No hour of a space has two owners: each row ends where the next one of its space begins, or
 * before. `provisioning_state` tells other processes that something changed.
 */
export const PROVISIONING = `
ALTER TABLE customers RENAME COLUMN name TO did;
UPDATE customers SET did = 'did:mailto:example.com:' || did;

CREATE TABLE ownerships (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  space TEXT NOT NULL,
  customer INTEGER NOT NULL REFERENCES customers,
  provider TEXT NOT NULL,
  subscription TEXT NOT NULL,
  first_epoch INTEGER NOT NULL,
  end_epoch INTEGER CHECK (end_epoch > first_epoch),
  assigned_epoch INTEGER NOT NULL,
  UNIQUE (space, first_epoch)
) STRICT;
CREATE INDEX ownerships_by_customer ON ownerships (customer, space, first_epoch);
CREATE UNIQUE INDEX ownerships_without_end ON ownerships (space) WHERE end_epoch IS NULL;

INSERT INTO ownerships
  (space, customer, provider, subscription, first_epoch, end_epoch, assigned_epoch)
  SELECT did, customer, '', '', 0, NULL, created_ms / 3600000 FROM spaces ORDER BY id;
ALTER TABLE spaces DROP COLUMN customer;

CREATE TABLE plan_terms (
  customer INTEGER NOT NULL REFERENCES customers,
  first_epoch INTEGER NOT NULL,
  end_epoch INTEGER CHECK (end_epoch > first_epoch),
  plan TEXT NOT NULL,
  set_ms INTEGER NOT NULL,
  PRIMARY KEY (customer, first_epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE provisioning_state (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  generation INTEGER NOT NULL
) STRICT;
INSERT INTO provisioning_state VALUES (1, 0);
`
