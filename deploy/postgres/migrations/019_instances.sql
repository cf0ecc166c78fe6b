-- Several PostgreSQL instances of one exchange. Each actor's rows are in one of them. The first, number 0, is the home: it alone has the slots,
-- the sequences, and the say which actor is where. The others have copies of what is the venue's: `exchange`, assets and instruments.
ALTER TABLE exchange
  -- Of the exchange, the same in all its instances.
  ADD COLUMN identity text NOT NULL DEFAULT gen_random_uuid()::text,
  -- Which of them this is.
  ADD COLUMN instance smallint NOT NULL DEFAULT 0 CHECK (instance >= 0),
  -- How many there are; what the home says counts.
  ADD COLUMN instances smallint NOT NULL DEFAULT 1 CHECK (instances > instance);

-- Written when an actor is made, in the home, and never changed.
CREATE TABLE actor_instances (
  actor integer PRIMARY KEY,
  instance smallint NOT NULL CHECK (instance >= 0)
);
INSERT INTO actor_instances SELECT actor, 0 FROM actors;

-- The actor of an instrument may be elsewhere.
ALTER TABLE instruments DROP CONSTRAINT instruments_instrument_fkey;
