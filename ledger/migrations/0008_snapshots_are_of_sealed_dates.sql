-- Balances start from the last snapshot, so one that was taken before its date had all its lines would hide those that
-- came later. Whoever may call ledger_take_snapshot: at commit its date is sealed, or there is no snapshot.
CREATE FUNCTION ledger_guard_snapshots() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM ledger_businessday WHERE date = NEW.date AND sealed_at IS NOT NULL) THEN
        RAISE EXCEPTION 'a snapshot of % was taken, but that date is not sealed', NEW.date
            USING ERRCODE = '23H07', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER snapshots_are_of_sealed_dates AFTER INSERT OR UPDATE ON ledger_snapshotday
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_guard_snapshots();
