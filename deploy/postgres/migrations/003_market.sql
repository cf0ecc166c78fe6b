-- The whole market: orders of all types, phases, auctions.

-- `book` has a market's open orders: those that stand on its book, and those that wait for a trigger or for the closing
-- auction. Of one that stands there `shown` is what everybody sees of it, which is all that is open but for an iceberg; of
-- one that waits it is 0.
ALTER TABLE book ADD COLUMN shown bigint;
UPDATE book SET shown = leaves;
ALTER TABLE book ALTER COLUMN shown SET NOT NULL;

-- What there is to know of an open order that is no plain limit order, good till cancelled: most have no row here. The
-- numbers are those of `actors/kernel/order.ts`; 0 says that an order has no stop price, display quantity, expiry or pair.
CREATE TABLE order_terms (
  actor integer NOT NULL,
  order_id bigint NOT NULL,
  -- Whom self-trade prevention takes it for: its account, or the account's group.
  owner bigint NOT NULL,
  type smallint NOT NULL,
  time_in_force smallint NOT NULL,
  stop_price bigint NOT NULL,
  display bigint NOT NULL,
  -- In microseconds since 1970.
  expires bigint NOT NULL,
  -- The order that ends when this one does anything.
  pair bigint NOT NULL,
  self_trade smallint NOT NULL,
  post_only smallint NOT NULL,
  PRIMARY KEY (actor, order_id)
) WITH (fillfactor = 70);
