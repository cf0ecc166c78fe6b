-- Who has led what, and why: one row for each time that an actor's token was raised, written by the statement that raises it. Nothing
-- rests on it but the answers to people who ask. What was raised before there was this table has no row.
CREATE TABLE claims (
  actor integer NOT NULL,
  -- The token that it was raised to.
  token bigint NOT NULL,
  node text NOT NULL,
  node_incarnation text NOT NULL,
  -- Why it was claimed, as the node says it.
  reason text NOT NULL,
  -- Postgres's clock, in microseconds since 1970.
  time bigint NOT NULL,
  -- The last batch under a lower token: whatever this one commits comes after it.
  batch bigint NOT NULL,
  PRIMARY KEY (actor, token)
);
