-- Fees, in millionths of a trade's value; below zero: rebates.
ALTER TABLE instruments
  ADD COLUMN maker_fee integer NOT NULL DEFAULT 0,
  ADD COLUMN taker_fee integer NOT NULL DEFAULT 0;

-- Empty (as 0 is) in an order of an instrument without fees. Its rates are its instrument's when it was accepted.
ALTER TABLE orders
  ADD COLUMN maker_fee integer,
  ADD COLUMN taker_fee integer,
  -- What it has traded as maker and as taker, and what it was charged for that: in the quote asset's units.
  ADD COLUMN maker_value bigint,
  ADD COLUMN taker_value bigint,
  ADD COLUMN fees bigint;

-- A house account (2^49 and its shard's number) may owe in one shard what it has in another.
ALTER TABLE balances
  DROP CONSTRAINT balances_total_check,
  ADD CONSTRAINT balances_total_check CHECK (total >= 0 OR account > 562949953421312),
  DROP CONSTRAINT balances_check,
  ADD CONSTRAINT balances_check CHECK (held >= 0 AND (held <= total OR account > 562949953421312));
