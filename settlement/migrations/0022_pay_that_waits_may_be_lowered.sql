-- What somebody lowered stays, and no night that was settled finds it: it counts from a date on that is not closed.
CREATE TRIGGER settlement_loweredpay_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_loweredpay
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Lowered pay');

CREATE FUNCTION settlement_guard_lowered_pay() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    closed date;
BEGIN
    PERFORM ledger_hold_date();
    -- Read in the statement after the lock: only this one sees what the lock waited for.
    SELECT max(date) INTO closed FROM ledger_businessday;
    IF NEW.lowered_on <= closed THEN
        RAISE EXCEPTION 'pay is not lowered for %: the books are closed through %', NEW.lowered_on, closed
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER pay_is_lowered_on_an_open_date BEFORE INSERT ON settlement_loweredpay
    FOR EACH ROW EXECUTE FUNCTION settlement_guard_lowered_pay();
