-- The nights of a month that is long over become one table: fewer parts to plan, nothing lost. The lines are copied beside
-- the whole, counted and summed against what they come from, and change places with it in one moment. While a long report
-- reads the whole, another day will do. Returns how many nights went into it, none when the month is not ready.
CREATE FUNCTION ledger_merge_nights(month date) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp SET work_mem = '64MB' SET maintenance_work_mem = '128MB' SET lock_timeout = '200ms'
AS $$
DECLARE
    since date := date_trunc('month', month)::date;
    until date := (date_trunc('month', month) + interval '1 month')::date;
    part text := 'ledger_posting_night_' || to_char(month, 'YYYYMM');
    night text;
    nights text[];
    same boolean;
BEGIN
    SELECT array_agg(c.relname ORDER BY c.relname) INTO nights
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'ledger_posting_night'::regclass AND c.relname ~ ('^' || part || '[0-9]{2}$');
    -- Sealed to its last date, so that nothing can come any more.
    IF nights IS NULL OR NOT EXISTS (SELECT FROM ledger_businessday WHERE date >= until - 1 AND sealed_at IS NOT NULL) THEN
        RETURN 0;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE ledger_posting INCLUDING CONSTRAINTS)', part);
    EXECUTE format('INSERT INTO %I SELECT * FROM ledger_posting_night
                     WHERE business_date >= %L AND business_date < %L ORDER BY business_date, entry_id, line',
                   part, since, until);
    EXECUTE format('CREATE INDEX %I ON %I (account_id, business_date, entry_id, line) INCLUDE (amount_minor)',
                   part || '_account', part);
    PERFORM ledger_index_part(part);
    PERFORM ledger_guard_part(part::regclass);
    EXECUTE format('SELECT (SELECT (count(*), sum(amount_minor::numeric * account_id), sum(entry_id), sum(line)) FROM %I)
        IS NOT DISTINCT FROM (SELECT (count(*), sum(amount_minor::numeric * account_id), sum(entry_id), sum(line))
            FROM ledger_posting_night WHERE business_date >= %L AND business_date < %L)', part, since, until) INTO same;
    IF NOT same THEN
        RAISE EXCEPTION 'the nights of % were not copied as they are', part USING ERRCODE = '23H02';
    END IF;
    BEGIN
        FOREACH night IN ARRAY nights LOOP
            EXECUTE format('ALTER TABLE ledger_posting_night DETACH PARTITION %I', night);
            EXECUTE format('DROP TABLE %I', night);
        END LOOP;
        EXECUTE format('ALTER TABLE ledger_posting_night ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       part, since, until);
    EXCEPTION WHEN lock_not_available THEN
        EXECUTE format('DROP TABLE %I', part);
        RETURN 0;
    END;
    RETURN cardinality(nights);
END
$$;
