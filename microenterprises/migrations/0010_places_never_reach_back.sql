-- Who was a member on a settled date stays who it was: no place begins on a date whose books are closed, and none ends on
-- one or ends there no longer. Whoever writes a place holds the open date until the transaction ends, as whoever posts
-- does, so that closing it waits for them. Set-based: whole companies are copied in with one statement.
CREATE FUNCTION microenterprises_guard_dates_of_places() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    closed_through date;
    since date;
BEGIN
    PERFORM ledger_hold_date();
    -- Read in the statement after the lock: only this one sees what the lock waited for.
    SELECT max(date) INTO closed_through FROM ledger_businessday;
    IF TG_OP = 'INSERT' THEN
        SELECT min(started_on) INTO since FROM new_rows;
    ELSE
        SELECT min(least(o.ended_on, n.ended_on)) INTO since
          FROM old_rows o JOIN new_rows n USING (id) WHERE o.ended_on IS DISTINCT FROM n.ended_on;
    END IF;
    IF since <= closed_through THEN
        RAISE EXCEPTION 'the members of % cannot change: the books are closed through %', since, closed_through
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER places_never_begin_on_a_closed_date AFTER INSERT ON microenterprises_membership
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION microenterprises_guard_dates_of_places();
CREATE TRIGGER places_never_end_on_a_closed_date AFTER UPDATE ON microenterprises_membership
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION microenterprises_guard_dates_of_places();
