-- What does not fit a page is compressed, with each commit; lz4 takes a fraction of the time. A PostgreSQL that was built
-- without it keeps its own.
DO $$
BEGIN
  ALTER TABLE batch_log ALTER COLUMN commands SET COMPRESSION lz4, ALTER COLUMN replies SET COMPRESSION lz4;
  ALTER TABLE outbox ALTER COLUMN frame SET COMPRESSION lz4;
  ALTER TABLE actors ALTER COLUMN state SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
  NULL;
END
$$;
