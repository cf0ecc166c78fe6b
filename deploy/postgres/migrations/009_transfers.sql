-- What accounts transfer to each other, also of other shards.
CREATE TABLE transfers (
  -- The shard of the account that sends.
  actor integer NOT NULL,
  account bigint NOT NULL,
  key text NOT NULL,
  recipient bigint NOT NULL,
  asset integer NOT NULL,
  amount bigint NOT NULL,
  -- 1 sent, 2 settled, 3 returned. While it is sent, it is no account's until its credit is there.
  status smallint NOT NULL,
  -- Why it was returned.
  code smallint NOT NULL,
  -- The numbers of its first and its last event in the account's journal.
  sent bigint NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (account, key)
);
CREATE INDEX transfers_actor ON transfers (actor);
CREATE INDEX transfers_sent ON transfers (account) WHERE status = 1;

-- What recipients were given, in their own shards.
CREATE TABLE credits (
  actor integer NOT NULL,
  account bigint NOT NULL,
  -- The number of its event in the account's journal.
  sequence bigint NOT NULL,
  sender bigint NOT NULL,
  key text NOT NULL,
  asset integer NOT NULL,
  amount bigint NOT NULL,
  PRIMARY KEY (account, sequence),
  -- A transfer is given once.
  UNIQUE (sender, key)
);

-- What accounts of the shard were transferred (and got back), and have transferred: turnover, modulo 2^53.
ALTER TABLE shard_totals
  ADD COLUMN transferred_in bigint NOT NULL DEFAULT 0,
  ADD COLUMN transferred_out bigint NOT NULL DEFAULT 0;
