-- Which of its instruments' fees an account's orders are charged.
ALTER TABLE accounts ADD COLUMN tier smallint NOT NULL DEFAULT 0;

-- Of tier 1, 2, and so on: [{"makerFee": …, "takerFee": …}, …]. Those of tier 0 are `maker_fee` and `taker_fee`.
ALTER TABLE instruments ADD COLUMN fee_tiers jsonb NOT NULL DEFAULT '[]';

-- 1: they were set for this account; 0: they are its tier's.
ALTER TABLE account_limits ADD COLUMN own smallint NOT NULL DEFAULT 1;

-- Whose sub-account it is, for ever; 0: nobody's. Both are of the same ledger shard.
ALTER TABLE accounts ADD COLUMN parent bigint NOT NULL DEFAULT 0;
CREATE INDEX accounts_parent ON accounts (parent) WHERE parent <> 0;
