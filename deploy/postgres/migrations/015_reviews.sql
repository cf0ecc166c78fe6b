-- Orders that are held for review, and above which value an account's are (`actors/ledger/review-desk.ts`).
ALTER TABLE orders
  -- Until when it is held, in microseconds since 1970; 0, or empty: it is not.
  ADD COLUMN review_until bigint,
  -- 1: it waits at its market, for its trigger or its auction.
  ADD COLUMN waiting smallint;
COMMENT ON COLUMN orders.cancelling IS '1: a cancel is on its way to the market';
CREATE INDEX orders_under_review ON orders (review_until, order_id) WHERE review_until > 0;

-- Only accounts and assets that a limit was ever set for have rows.
CREATE TABLE review_limits (
  actor integer NOT NULL,
  account bigint NOT NULL,
  asset integer NOT NULL,
  -- In units of the asset, which orders are quoted in. 0: none is held.
  value bigint NOT NULL,
  PRIMARY KEY (account, asset)
);
CREATE INDEX review_limits_actor ON review_limits (actor);
