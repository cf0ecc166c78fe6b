-- What accounts may do, and what leaves them.
ALTER TABLE accounts
  -- 1: whatever it likes (`actors/ledger/account-state.ts`).
  ADD COLUMN state smallint NOT NULL DEFAULT 1;

-- From now on `deposits` of this table is what came in less what has left: settled withdrawals.
COMMENT ON COLUMN shard_totals.deposits IS 'deposits less settled withdrawals, in the asset''s units';

CREATE TABLE withdrawals (
  actor integer NOT NULL,
  account bigint NOT NULL,
  key text NOT NULL,
  asset integer NOT NULL,
  amount bigint NOT NULL,
  -- 1 requested, 2 approved, 3 settled, 4 refused. Held for while it is one of the first two.
  status smallint NOT NULL,
  -- The numbers of its first and its last event in the account's journal.
  requested bigint NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (account, key)
);
CREATE INDEX withdrawals_actor ON withdrawals (actor);
CREATE INDEX withdrawals_open ON withdrawals (actor, account) WHERE status < 3;
