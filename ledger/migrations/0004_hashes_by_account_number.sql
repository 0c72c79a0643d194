-- Every entry is hashed anew with the numbers of its accounts in place of their names, and the chain of sealed dates is
-- closed again over the new hashes.
ALTER TABLE ledger_entry DISABLE TRIGGER USER;
UPDATE ledger_entry e
   SET content_hash = encode(sha256(convert_to(concat_ws(',',
           char_length(e.reference) || ':' || e.reference, char_length(e.kind) || ':' || e.kind,
           char_length(e.subject) || ':' || e.subject, char_length(e.memo) || ':' || e.memo,
           char_length(e.book) || ':' || e.book, to_char(e.business_date, 'YYYY-MM-DD'),
           to_char(e.effective_date, 'YYYY-MM-DD'),
           to_char(e.posted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
           coalesce(e.reverses_id::text, ''), char_length(e.posted_by) || ':' || e.posted_by) || E'\n', 'UTF8')
           || l.lines), 'hex')
  FROM (SELECT entry_id, string_agg(int8send(account_id) || int8send(amount_minor), ''::bytea ORDER BY line) AS lines
          FROM ledger_posting GROUP BY entry_id) l
 WHERE l.entry_id = e.id;
ALTER TABLE ledger_entry ENABLE TRIGGER USER;

ALTER TABLE ledger_businessday DISABLE TRIGGER USER;
DO $$
DECLARE
    day ledger_businessday;
    previous text := '';
    upto bigint := 0;
    through bigint := (SELECT coalesce(max(id), 0) FROM ledger_account);
BEGIN
    FOR day IN SELECT * FROM ledger_businessday WHERE sealed_at IS NOT NULL ORDER BY date LOOP
        UPDATE ledger_businessday d
           SET accounts_through = through, previous_hash = previous,
               day_hash = encode(sha256(convert_to(concat_ws(E'\n', previous, to_char(d.date, 'YYYY-MM-DD'),
                   d.entry_count, d.posting_count,
                   (SELECT string_agg(key || ' ' || value, E'\n' ORDER BY key COLLATE "C")
                      FROM jsonb_each_text(d.debit_totals)),
                   (SELECT encode(sha256(convert_to(coalesce(string_agg(content_hash, '' ORDER BY id), ''), 'UTF8')), 'hex')
                      FROM ledger_entry WHERE business_date = d.date),
                   (SELECT encode(sha256(convert_to(coalesce(string_agg(content_hash, '' ORDER BY id), ''), 'UTF8')), 'hex')
                      FROM ledger_account WHERE id > upto AND id <= through)), 'UTF8')), 'hex')
         WHERE d.date = day.date
        RETURNING d.day_hash INTO previous;
        upto := through;
    END LOOP;
END
$$;
ALTER TABLE ledger_businessday ENABLE TRIGGER USER;
