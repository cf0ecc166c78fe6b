-- Orders of all types. What a plain order does not have is empty (as 0 is): most orders have none of it.
ALTER TABLE orders
  ADD COLUMN stop_price bigint,
  ADD COLUMN display bigint,
  -- In microseconds since 1970.
  ADD COLUMN expires bigint,
  ADD COLUMN self_trade smallint,
  ADD COLUMN post_only smallint,
  -- An amend that its market has not answered: the new limit, and what is added to what is open. The hold covers it too.
  ADD COLUMN amend_price bigint,
  ADD COLUMN amend_change bigint,
  -- The worst limit that an amended order has had: what it traded at was within it.
  ADD COLUMN worst_price bigint,
  -- Was it among all that were cancelled at once?
  ADD COLUMN cancelling smallint;
