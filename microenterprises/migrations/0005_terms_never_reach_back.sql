-- Terms that a settled date was priced with stay what they were: no version is agreed for a date whose books are closed,
-- and none ends on one. New terms hold from an open date on, through the ORM and through plain SQL alike.
CREATE FUNCTION microenterprises_guard_dates_of_terms() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    closed_through date;
BEGIN
    SELECT coalesce(max(date), '-infinity') INTO closed_through FROM ledger_businessday;
    IF (TG_OP = 'INSERT' OR OLD.status <> 'agreed') AND NEW.effective_from <= closed_through THEN
        RAISE EXCEPTION 'share terms cannot start on %: the books are closed through %', NEW.effective_from,
            closed_through
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.effective_to IS DISTINCT FROM OLD.effective_to
        AND NEW.effective_to <= closed_through THEN
        RAISE EXCEPTION 'share terms cannot end on %: the books are closed through %', NEW.effective_to, closed_through
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER agreed_terms_never_reach_back AFTER INSERT OR UPDATE ON microenterprises_shareterms
    FOR EACH ROW WHEN (NEW.status = 'agreed')
    EXECUTE FUNCTION microenterprises_guard_dates_of_terms();

-- Whoever owns the rest owns all of it: basis points of whole names, 10,000 together.
CREATE FUNCTION microenterprises_owners_are_whole(owners jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_typeof(owners) = 'object'
       AND coalesce((SELECT bool_and(key ~ '\S' AND jsonb_typeof(value) = 'number' AND value::numeric > 0)
                            AND sum(value::numeric) = 10000
                       FROM jsonb_each(owners)), false)
$$;
ALTER TABLE microenterprises_shareterms ADD CONSTRAINT the_owners_of_the_rest_own_all_of_it
    CHECK (microenterprises_owners_are_whole(residual_owners));
