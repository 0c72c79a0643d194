-- Nights of a closed date were settled by the fiscal year that they found. A row that holds from such a date, or one that
-- is changed or taken away there, would put them into another year and count their profit once more.
CREATE FUNCTION settlement_guard_fiscal_year() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    closed date := (SELECT max(date) FROM ledger_businessday);
BEGIN
    IF (TG_OP <> 'DELETE' AND NEW.name = 'fiscal_year_first_month' AND NEW.holds_from <= closed)
        OR (TG_OP <> 'INSERT' AND OLD.name = 'fiscal_year_first_month' AND OLD.holds_from <= closed) THEN
        RAISE EXCEPTION 'a fiscal year moves on a date that is not closed; the books are closed through %', closed
            USING ERRCODE = 'check_violation', TABLE = 'core_parameter',
                  CONSTRAINT = 'a_fiscal_year_moves_on_an_open_date';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;

CREATE TRIGGER a_fiscal_year_moves_on_an_open_date BEFORE INSERT OR UPDATE OR DELETE ON core_parameter
    FOR EACH ROW EXECUTE FUNCTION settlement_guard_fiscal_year();
