-- How much an account may ask for, and how much of it was counted last (`actors/ledger/account-limits.ts`). Only accounts with limits have rows.
CREATE TABLE account_limits (
  actor integer NOT NULL,
  account bigint PRIMARY KEY,
  -- 0: as much as the exchange allows.
  orders_per_day integer NOT NULL,
  open_orders integer NOT NULL,
  requests_per_second integer NOT NULL,
  -- Since 1970.
  day integer NOT NULL,
  orders_today integer NOT NULL,
  second bigint NOT NULL,
  requests integer NOT NULL
);
CREATE INDEX account_limits_actor ON account_limits (actor);
