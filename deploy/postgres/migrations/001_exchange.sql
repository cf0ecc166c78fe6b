-- Every row here belongs to one actor and changes only in that actor's fenced commit (R1), but for the tables
-- `exchange`, `assets`, `instruments` and `slots`, which are written by operators' and gateways' own statements.
-- Prices, quantities and amounts are whole numbers of the smallest unit; times are microseconds since 1970.

-- One row: what is fixed when the exchange is created.
CREATE TABLE exchange (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  ledger_shards integer NOT NULL CHECK (ledger_shards BETWEEN 1 AND 512),
  incarnation bigint NOT NULL DEFAULT 1
);

CREATE TABLE assets (
  asset integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  decimals integer NOT NULL CHECK (decimals BETWEEN 0 AND 9)
);

CREATE SEQUENCE market_ids START 1025;
CREATE SEQUENCE account_numbers START 1000000;

-- The fence. Narrow and never indexed but by its key, so that its updates stay in the page (HOT).
CREATE TABLE actors (
  actor integer PRIMARY KEY,
  name text NOT NULL UNIQUE,
  kind text NOT NULL CHECK (kind IN ('ledger', 'market')),
  incarnation bigint NOT NULL DEFAULT 1,
  token bigint NOT NULL DEFAULT 0,
  batch bigint NOT NULL DEFAULT 0,
  -- The last batch that had events or replies.
  event_batch bigint NOT NULL DEFAULT 0,
  -- Position: the stream's incarnation (0: there is no stream yet), its creation, the last frame applied.
  anchor integer NOT NULL DEFAULT 0,
  stream_created text NOT NULL DEFAULT '',
  position bigint NOT NULL DEFAULT 0,
  -- When JetStream stored the message at `position`, to recognise another message in its place.
  position_stored text NOT NULL DEFAULT '',
  time bigint NOT NULL DEFAULT 0,
  hash bigint NOT NULL DEFAULT 0,
  state bytea NOT NULL DEFAULT '',
  -- For the audit only: who claimed last, and under which etcd revision.
  holder text NOT NULL DEFAULT '',
  lease_revision bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- An operator's definition; the market's `list` command carries it to the actors.
CREATE TABLE instruments (
  instrument integer PRIMARY KEY REFERENCES actors (actor),
  symbol text NOT NULL UNIQUE,
  base_asset integer NOT NULL REFERENCES assets (asset),
  quote_asset integer NOT NULL REFERENCES assets (asset),
  price_decimals integer NOT NULL,
  quantity_decimals integer NOT NULL,
  tick bigint NOT NULL,
  lot bigint NOT NULL,
  notional_factor bigint NOT NULL,
  reference_price bigint NOT NULL
);

-- A gateway's numbered slot; its token grows with each claim.
CREATE TABLE slots (
  slot integer PRIMARY KEY CHECK (slot BETWEEN 1 AND 9999),
  token bigint NOT NULL,
  holder text NOT NULL
);

-- What an actor has taken from each peer, and sent to it. For a ledger's links to markets, with the running
-- totals of what its trades moved (base and quote asset of the market's instrument), up to `received`.
CREATE TABLE links (
  actor integer NOT NULL,
  peer integer NOT NULL,
  token bigint NOT NULL,
  received bigint NOT NULL,
  sent bigint NOT NULL,
  base_in bigint NOT NULL DEFAULT 0,
  base_out bigint NOT NULL DEFAULT 0,
  quote_in bigint NOT NULL DEFAULT 0,
  quote_out bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (actor, peer)
) WITH (fillfactor = 50);

-- One row per batch and destination, until the receiver has committed it.
CREATE TABLE outbox (
  actor integer NOT NULL,
  destination integer NOT NULL,
  first bigint NOT NULL,
  last bigint NOT NULL,
  frame bytea NOT NULL,
  PRIMARY KEY (actor, destination, last)
);

CREATE TABLE batch_log (
  actor integer NOT NULL,
  batch bigint NOT NULL,
  token bigint NOT NULL,
  anchor integer NOT NULL,
  position_before bigint NOT NULL,
  position_after bigint NOT NULL,
  time bigint NOT NULL,
  hash bigint NOT NULL,
  -- The commands as applied: frames, one after the other, each with its length in front.
  commands bytea NOT NULL,
  -- Answers that no journal row holds.
  replies bytea,
  PRIMARY KEY (actor, batch)
);

-- The ledger's rows -----------------------------------------------------------------------------------------------

CREATE TABLE accounts (
  account bigint PRIMARY KEY,
  actor integer NOT NULL,
  opened bigint NOT NULL
);
CREATE INDEX accounts_by_actor ON accounts (actor);

CREATE TABLE balances (
  actor integer NOT NULL,
  account bigint NOT NULL,
  asset integer NOT NULL,
  -- Everything the account owns, and the part of it that open orders hold.
  total bigint NOT NULL CHECK (total >= 0),
  held bigint NOT NULL CHECK (held >= 0 AND held <= total),
  PRIMARY KEY (account, asset)
) WITH (fillfactor = 70);
CREATE INDEX balances_by_actor ON balances (actor);

-- An account's orders as it sees them. One row also for a rejected order and a voided id.
CREATE TABLE orders (
  order_id bigint PRIMARY KEY,
  actor integer NOT NULL,
  account bigint NOT NULL,
  client_order_id text NOT NULL,
  instrument integer NOT NULL,
  side smallint NOT NULL,
  type smallint NOT NULL,
  time_in_force smallint NOT NULL,
  price bigint NOT NULL,
  quantity bigint NOT NULL,
  filled bigint NOT NULL,
  leaves bigint NOT NULL,
  status smallint NOT NULL,
  code smallint NOT NULL,
  -- The account's sequence at the order's first and latest event.
  first_sequence bigint NOT NULL,
  last_sequence bigint NOT NULL,
  created bigint NOT NULL,
  updated bigint NOT NULL
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX orders_by_client_id ON orders (account, client_order_id);
-- Recovery reads an actor's orders newest first.
CREATE INDEX orders_by_actor ON orders (actor, order_id);

-- One row per account and batch: its events from `first_sequence` to `last_sequence`, and what they changed, asset
-- by asset (three arrays of one length); an audit adds these up to the balances.
CREATE TABLE journal (
  actor integer NOT NULL,
  batch bigint NOT NULL,
  token bigint NOT NULL,
  time bigint NOT NULL,
  account bigint NOT NULL,
  first_sequence bigint NOT NULL,
  last_sequence bigint NOT NULL,
  events bytea NOT NULL,
  assets integer[] NOT NULL,
  total_changes bigint[] NOT NULL,
  held_changes bigint[] NOT NULL,
  PRIMARY KEY (account, last_sequence)
);
CREATE INDEX journal_by_batch ON journal (actor, batch);

CREATE TABLE deposits (
  actor integer NOT NULL,
  account bigint NOT NULL,
  key text NOT NULL,
  asset integer NOT NULL,
  amount bigint NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (account, key)
);
CREATE INDEX deposits_by_actor ON deposits (actor);

-- What came into a shard from outside, per asset.
CREATE TABLE shard_totals (
  actor integer NOT NULL,
  asset integer NOT NULL,
  deposits bigint NOT NULL,
  PRIMARY KEY (actor, asset)
) WITH (fillfactor = 50);

-- The instruments as a shard knows them from their markets.
CREATE TABLE shard_instruments (
  actor integer NOT NULL,
  instrument integer NOT NULL,
  -- The encoded definition, and the price that bands are taken around.
  definition bytea NOT NULL,
  reference_price bigint NOT NULL,
  PRIMARY KEY (actor, instrument)
);

-- The market's rows -----------------------------------------------------------------------------------------------

-- Resting orders only. Within a price, `priority` is the order of arrival.
CREATE TABLE book (
  actor integer NOT NULL,
  order_id bigint NOT NULL,
  account bigint NOT NULL,
  side smallint NOT NULL,
  price bigint NOT NULL,
  leaves bigint NOT NULL,
  priority bigint NOT NULL,
  PRIMARY KEY (actor, order_id)
) WITH (fillfactor = 70);

CREATE TABLE trades (
  actor integer NOT NULL,
  trade_id bigint NOT NULL,
  batch bigint NOT NULL,
  sequence bigint NOT NULL,
  time bigint NOT NULL,
  price bigint NOT NULL,
  quantity bigint NOT NULL,
  taker_side smallint NOT NULL,
  maker_order bigint NOT NULL,
  taker_order bigint NOT NULL,
  maker_account bigint NOT NULL,
  taker_account bigint NOT NULL,
  -- The numbers of the messages that told the shards of the maker and of the taker (the same when it is one shard).
  maker_number bigint NOT NULL,
  taker_number bigint NOT NULL,
  PRIMARY KEY (actor, trade_id)
);
