-- What held on a date is evidence: a replay reads it years later. Only whoever owns the table, which is who migrates and
-- brings the examples of new parameters, speaks for the past; whoever serves a company lets a value hold from a date to
-- come, also when it opens the door of seeders (market.past). The company's zone is not known here: a date has begun when
-- it has begun anywhere on earth.
CREATE FUNCTION core_keep_what_held() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    now timestamptz := clock_timestamp() + (SELECT ahead FROM core_clock WHERE id = 1);
    begun date := (now AT TIME ZONE interval '14 hours')::date;
BEGIN
    IF pg_has_role((SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'MEMBER') THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF (TG_OP <> 'INSERT' AND OLD.holds_from <= begun) OR (TG_OP <> 'DELETE' AND NEW.holds_from < begun) THEN
        RAISE EXCEPTION 'what % held on a date that has begun stays; let another value hold from a later date',
            CASE WHEN TG_OP = 'INSERT' THEN NEW.name ELSE OLD.name END
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;

CREATE TRIGGER what_held_stays BEFORE INSERT OR UPDATE OR DELETE ON core_parameter
    FOR EACH ROW EXECUTE FUNCTION core_keep_what_held();
