-- Pairs of orders: what one of them does ends the other.
ALTER TABLE orders
  -- The other order, also when it has ended.
  ADD COLUMN pair bigint,
  -- Has the other traded? Then this one costs nothing more, though its market has yet to tell its end.
  ADD COLUMN pair_done smallint;
