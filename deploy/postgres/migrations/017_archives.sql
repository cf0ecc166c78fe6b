-- Batches of the log, and the journal rows of these batches, that lie in archive files and no longer here. Whoever archives
-- writes these tables, in the transaction that deletes the rows; no actor ever changes such a row, or reads one.

-- One row for each file: a run of one actor's batches.
CREATE TABLE archives (
  actor integer NOT NULL,
  first_batch bigint NOT NULL,
  last_batch bigint NOT NULL,
  -- As the last batch has them: what comes next goes on from there.
  token bigint NOT NULL,
  anchor integer NOT NULL,
  position bigint NOT NULL,
  time bigint NOT NULL,
  journal_rows bigint NOT NULL,
  file text NOT NULL,
  -- Of the file, in hexadecimal digits.
  sha256 text NOT NULL,
  PRIMARY KEY (actor, last_batch)
);

-- The last number of each account's journal that was archived, and what its last row has counted.
CREATE TABLE archived_accounts (
  account bigint PRIMARY KEY,
  actor integer NOT NULL,
  sequence bigint NOT NULL,
  counted text NOT NULL
);

-- What the archived part of an account's journal adds up to.
CREATE TABLE archived_balances (
  account bigint NOT NULL,
  asset integer NOT NULL,
  total bigint NOT NULL,
  held bigint NOT NULL,
  PRIMARY KEY (account, asset)
);
