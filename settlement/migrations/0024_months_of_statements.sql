-- What is said of statements by month. A member's statement adds up what its lines brought, and stands on all that was
-- payable before: read line by line that is another four hundred rows for every year of history. A month that is over
-- for good is added up once for everybody.

-- The next month that is over: its first day, or NULL when there is none. Whoever comes second finds it done.
CREATE FUNCTION settlement_add_up_month() RETURNS date LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp SET work_mem = '64MB' AS $$
DECLARE
    first date;
    until date;
BEGIN
    PERFORM pg_advisory_xact_lock(2026112301);
    first := coalesce(settlement_months_end(), date_trunc('month', least(
        (SELECT min(night) FROM settlement_outcome), (SELECT min(night) FROM settlement_payline),
        (SELECT min(night) FROM settlement_handedon)))::date);
    until := (first + interval '1 month')::date;
    IF NOT EXISTS (SELECT FROM ledger_businessday WHERE date >= until - 1 AND sealed_at IS NOT NULL) THEN
        RETURN NULL;
    END IF;
    INSERT INTO settlement_monthsum (person_id, month, currency, shared_minor, recovered_minor, pay_minor, draws_minor,
                                     handed_on_minor, payable_minor)
    SELECT person_id, first, currency,
           coalesce(sum(amount_minor) FILTER (WHERE kind = 'share'), 0)::bigint, sum(recovered_minor)::bigint,
           coalesce(sum(amount_minor) FILTER (WHERE kind = 'stable'), 0)::bigint,
           coalesce(sum(amount_minor) FILTER (WHERE kind = 'draw'), 0)::bigint,
           coalesce(sum(amount_minor) FILTER (WHERE kind = 'handed_on'), 0)::bigint, sum(payable_minor)::bigint
      FROM settlement_statementline WHERE night >= first AND night < until
     GROUP BY person_id, currency ORDER BY person_id, currency;
    INSERT INTO settlement_addedupmonth (month) VALUES (first);
    RETURN first;
END
$$;

-- The first date that is not added up; NULL when none is.
CREATE FUNCTION settlement_months_end() RETURNS date LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT (max(month) + interval '1 month')::date FROM settlement_addedupmonth
$$;

-- A sealed date gets no line any more; should one come nevertheless, the sums must not become wrong unseen.
CREATE FUNCTION settlement_guard_months() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM new_lines WHERE night < (SELECT settlement_months_end())) THEN
        RAISE EXCEPTION 'a month that is added up gets no line any more' USING ERRCODE = '23514',
            TABLE = TG_TABLE_NAME, CONSTRAINT = 'months_that_are_added_up_stay';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER months_that_are_added_up_stay AFTER INSERT ON settlement_outcome
    REFERENCING NEW TABLE AS new_lines FOR EACH STATEMENT EXECUTE FUNCTION settlement_guard_months();
CREATE TRIGGER months_that_are_added_up_stay AFTER INSERT ON settlement_payline
    REFERENCING NEW TABLE AS new_lines FOR EACH STATEMENT EXECUTE FUNCTION settlement_guard_months();
CREATE TRIGGER months_that_are_added_up_stay AFTER INSERT ON settlement_handedon
    REFERENCING NEW TABLE AS new_lines FOR EACH STATEMENT EXECUTE FUNCTION settlement_guard_months();

CREATE TRIGGER added_up_months_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_addedupmonth
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Months that are added up');
CREATE TRIGGER month_sums_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_monthsum
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Sums of months');
