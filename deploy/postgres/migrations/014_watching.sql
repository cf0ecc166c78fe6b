-- What was counted of the account's orders up to this row (`actors/ledger/watching.ts`): numbers with commas, or nothing. Of an account's rows the
-- last one counts.
ALTER TABLE journal
  ADD COLUMN counted text NOT NULL DEFAULT '',
  -- How many of the row's events are warnings.
  ADD COLUMN warnings smallint NOT NULL DEFAULT 0;
-- Whoever follows all accounts' warnings reads those rows and no others.
CREATE INDEX journal_warnings ON journal (actor, batch) WHERE warnings > 0;
