-- A snapshot is written in the order of its accounts. The one before stands in it already, the lines of a night nearly do:
-- putting both in order and adding up what stands side by side takes less than two tables of hashes, and an index over
-- rows that arrive in its order is made in half the time. Lines of nights are unfolded in SELECT, where an element goes
-- straight to whoever adds it up.
CREATE OR REPLACE FUNCTION ledger_take_snapshot(day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp SET work_mem = '64MB' SET maintenance_work_mem = '64MB'
    SET default_statistics_target = 10 SET enable_hashagg = off AS $$
DECLARE
    part text := 'ledger_snapshot_' || to_char(day, 'YYYYMMDD');
    base date := (SELECT coalesce(max(date), '-infinity') FROM ledger_snapshotday WHERE date < day);
    accounts bigint;
BEGIN
    IF EXISTS (SELECT FROM ledger_snapshotday WHERE date = day) THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE ledger_snapshot)', part);
    EXECUTE format($sql$
        INSERT INTO %1$I (account_id, balance_minor, business_date)
        SELECT account_id, sum(minor)::bigint, %2$L
          FROM (SELECT account_id, balance_minor AS minor FROM ledger_snapshot WHERE business_date = %3$L
                 UNION ALL
                SELECT account_id, amount_minor FROM ledger_posting_day
                 WHERE business_date > %3$L AND business_date <= %2$L
                 UNION ALL
                SELECT unnest(account_ids), unnest(amounts_minor) FROM ledger_nightlines
                 WHERE business_date > %3$L AND business_date <= %2$L) m
         GROUP BY 1 HAVING sum(minor) <> 0 ORDER BY 1
    $sql$, part, day, base);
    GET DIAGNOSTICS accounts = ROW_COUNT;
    EXECUTE format('CREATE UNIQUE INDEX %I ON %I (account_id) INCLUDE (balance_minor)', part || '_account', part);
    EXECUTE format('ANALYZE %I', part);
    EXECUTE format('CREATE TRIGGER snapshots_are_taken_not_written BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change(%L)', part, 'Snapshots');
    EXECUTE format('ALTER TABLE ledger_snapshot ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part, day, day + 1);
    INSERT INTO ledger_snapshotday (date, accounts) VALUES (day, accounts);
END
$$;
