-- For whom self-trade prevention takes an account's orders: 0, for the account alone; else for all accounts of that group.
ALTER TABLE accounts ADD COLUMN account_group integer NOT NULL DEFAULT 0;
