-- Stops that follow the price, minimum quantities, and orders that rather take another limit than to be refused.
ALTER TABLE orders
  ADD COLUMN reprices smallint,
  -- In price units.
  ADD COLUMN trail bigint,
  ADD COLUMN min_quantity bigint;
ALTER TABLE order_terms ADD COLUMN trail bigint NOT NULL DEFAULT 0;
