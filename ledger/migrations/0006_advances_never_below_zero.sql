-- Nobody pays back more than was advanced: the database keeps what is open of each advance, as it keeps wallets, and a
-- night reads it instead of adding it up.
CREATE OR REPLACE FUNCTION ledger_guarded_side(kind text) RETURNS smallint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN kind IN ('wallet', 'hold', 'escrow', 'set_aside', 'pledge_escrow', 'pledge_given', 'advance') THEN 1::smallint
        WHEN kind IN ('in_transit', 'pledges_owed') THEN -1::smallint
    END
$$;
ALTER TABLE ledger_balance DISABLE TRIGGER USER;
INSERT INTO ledger_balance (account_id, side, amount_minor)
SELECT a.id, 1, coalesce(sum(p.amount_minor), 0)::bigint
  FROM ledger_account a LEFT JOIN ledger_posting p ON p.account_id = a.id
 WHERE a.kind = 'advance' GROUP BY a.id;
ALTER TABLE ledger_balance ENABLE TRIGGER USER;
