-- Trades, and orders that have ended, that lie in archive files and no longer here, and what they add up to. Whoever archives writes these
-- tables, in the transaction that deletes the rows; no actor reads them.

-- One row for each file: the next trades of a market, or orders of a shard.
CREATE TABLE row_archives (
  -- 'trades' or 'orders'.
  kind text NOT NULL,
  actor integer NOT NULL,
  -- 1, 2, 3, ... of the actor's files of this kind.
  number integer NOT NULL,
  -- Of its trades or orders: the lowest and the highest number, and how many there are.
  first bigint NOT NULL,
  last bigint NOT NULL,
  rows bigint NOT NULL,
  file text NOT NULL,
  -- Of the file, in hexadecimal digits.
  sha256 text NOT NULL,
  PRIMARY KEY (kind, actor, number)
);

-- What archived trades moved in and out of a shard, in the base and the quote asset of their market.
CREATE TABLE archived_flows (
  actor integer NOT NULL,
  peer integer NOT NULL,
  base_in numeric NOT NULL,
  base_out numeric NOT NULL,
  quote_in numeric NOT NULL,
  quote_out numeric NOT NULL,
  PRIMARY KEY (actor, peer)
);

-- What archived trades moved of an account, less the fees of its archived orders. A house account has those of its shard.
CREATE TABLE archived_settlements (
  account bigint NOT NULL,
  asset integer NOT NULL,
  amount numeric NOT NULL,
  PRIMARY KEY (account, asset)
);

-- What archived trades have filled of orders that are not archived.
CREATE TABLE archived_fills (
  order_id bigint PRIMARY KEY,
  account bigint NOT NULL,
  market integer NOT NULL,
  is_buyer boolean NOT NULL,
  quantity bigint NOT NULL,
  -- In the quote asset's units, as maker and as taker.
  maker_value numeric NOT NULL,
  taker_value numeric NOT NULL,
  lowest_price bigint NOT NULL,
  highest_price bigint NOT NULL
);
