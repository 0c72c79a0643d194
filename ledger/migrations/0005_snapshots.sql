-- What stood in every account at the end of a sealed date. Taken from the snapshot before and the lines since, so that it
-- costs the same after any number of nights; balances and trial balances start from it instead of from the first line.
-- Each is a table of its own that nothing writes again: made beside the whole, indexed, attached.
CREATE TABLE ledger_snapshot (
    account_id bigint NOT NULL,
    balance_minor bigint NOT NULL,  -- debit positive; accounts that stand at zero are left out
    business_date date NOT NULL
) PARTITION BY RANGE (business_date);
CREATE TRIGGER snapshots_are_taken_not_written BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ledger_snapshot
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Snapshots');

CREATE TABLE ledger_snapshotday (date date PRIMARY KEY, accounts bigint NOT NULL);

CREATE FUNCTION ledger_take_snapshot(day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp SET work_mem = '64MB' SET maintenance_work_mem = '64MB'
    SET default_statistics_target = 10 AS $$
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
        INSERT INTO %I (account_id, balance_minor, business_date)
        SELECT account_id, coalesce(s.balance_minor, 0) + coalesce(p.total, 0), %L
          FROM (SELECT account_id, balance_minor FROM ledger_snapshot WHERE business_date = %L) s
          FULL JOIN (SELECT account_id, sum(amount_minor)::bigint AS total FROM ledger_posting
                      WHERE business_date >= %L AND business_date <= %L GROUP BY 1) p USING (account_id)
         WHERE coalesce(s.balance_minor, 0) + coalesce(p.total, 0) <> 0
    $sql$, part, day, base, base + 1, day);
    GET DIAGNOSTICS accounts = ROW_COUNT;
    EXECUTE format('CREATE UNIQUE INDEX %I ON %I (account_id) INCLUDE (balance_minor)', part || '_account', part);
    EXECUTE format('ANALYZE %I', part);
    EXECUTE format('CREATE TRIGGER snapshots_are_taken_not_written BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change(%L)', part, 'Snapshots');
    EXECUTE format('ALTER TABLE ledger_snapshot ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part, day, day + 1);
    INSERT INTO ledger_snapshotday (date, accounts) VALUES (day, accounts);
END
$$;

-- Forty nights and every month's end are kept. Taking a part away needs the whole for a moment; when a long report reads
-- it, another night will do.
CREATE FUNCTION ledger_drop_snapshots(until date) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp SET lock_timeout = '200ms' AS $$
DECLARE
    day date;
    dropped integer := 0;
BEGIN
    FOR day IN SELECT date FROM ledger_snapshotday
                WHERE date < until AND extract(day FROM date + 1) <> 1 ORDER BY date LOOP
        BEGIN
            EXECUTE format('DROP TABLE %I', 'ledger_snapshot_' || to_char(day, 'YYYYMMDD'));
        EXCEPTION WHEN lock_not_available THEN
            RETURN dropped;
        END;
        DELETE FROM ledger_snapshotday WHERE date = day;
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;

-- Dates that were sealed before: the last of them is where balances start from.
SELECT ledger_take_snapshot(max(date)) FROM ledger_businessday WHERE sealed_at IS NOT NULL HAVING max(date) IS NOT NULL;
