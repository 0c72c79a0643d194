-- The lines of a date lie side by side, so that a few bytes for each eight pages of them say where. An index of every
-- line's date tempted whoever looked for one account on the newest date, of which the statistics do not know yet: it read
-- all lines of that date for each account, and a month's end took twice as long.
DROP INDEX ledger_posting_day_date;
CREATE INDEX ledger_posting_day_date ON ledger_posting_day USING brin (business_date)
    WITH (pages_per_range = 8, autosummarize = on);
