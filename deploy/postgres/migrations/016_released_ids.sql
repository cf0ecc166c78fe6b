-- A client order id is free again a day after its order has ended.
ALTER TABLE orders
  -- Has a later order its client order id? The index knows all others.
  ADD COLUMN released smallint NOT NULL DEFAULT 0;
DROP INDEX orders_by_client_id;
CREATE UNIQUE INDEX orders_by_client_id ON orders (account, client_order_id) WHERE released = 0;
