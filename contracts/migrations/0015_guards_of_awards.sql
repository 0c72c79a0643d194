-- An award keeps what was decided; who agreed and how it ended are written once.
CREATE OR REPLACE FUNCTION contracts_guard_award() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.project_id, NEW.bid_id, NEW.reason, NEW.arithmetic, NEW.causes, NEW.awarded_at, NEW.awarded_by_id)
        IS DISTINCT FROM
        (OLD.id, OLD.project_id, OLD.bid_id, OLD.reason, OLD.arithmetic, OLD.causes, OLD.awarded_at, OLD.awarded_by_id)
    THEN
        RAISE EXCEPTION 'An award keeps its bid, its reason and its arithmetic'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    IF OLD.agreed_at IS NOT NULL AND (NEW.agreed_at, NEW.agreed_by_id, NEW.agreed_reason)
        IS DISTINCT FROM (OLD.agreed_at, OLD.agreed_by_id, OLD.agreed_reason) THEN
        RAISE EXCEPTION 'Who agreed with an award stays'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    IF OLD.stands_until IS NOT NULL AND NEW.stands_until IS DISTINCT FROM OLD.stands_until THEN
        RAISE EXCEPTION 'Until when an award may be objected to stays'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    IF OLD.status IN ('declined', 'cancelled') THEN
        RAISE EXCEPTION 'An award that is % never changes', OLD.status
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    IF NEW.status = 'active' AND OLD.status <> 'active' AND EXISTS (
        SELECT FROM contracts_objection o WHERE o.award_id = NEW.id AND o.ruling IS NULL
    ) THEN
        RAISE EXCEPTION 'An award with an open objection does not take effect'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION contracts_guard_objection() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.ruling IS NOT NULL OR (NEW.id, NEW.award_id, NEW.microenterprise_id, NEW.reason, NEW.raised_at, NEW.raised_by_id)
        IS DISTINCT FROM (OLD.id, OLD.award_id, OLD.microenterprise_id, OLD.reason, OLD.raised_at, OLD.raised_by_id) THEN
        RAISE EXCEPTION 'An objection stays as it was raised and is ruled on once'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER objections_stand BEFORE UPDATE ON contracts_objection
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_objection();
CREATE TRIGGER objections_stay BEFORE DELETE OR TRUNCATE ON contracts_objection
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Objections');

CREATE FUNCTION contracts_guard_price_question() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.answered_at IS NOT NULL OR (NEW.bid_id, NEW.asked_at, NEW.asked_by_id, NEW.answer_until)
        IS DISTINCT FROM (OLD.bid_id, OLD.asked_at, OLD.asked_by_id, OLD.answer_until) THEN
        RAISE EXCEPTION 'What was asked about a price stays, and it is answered once'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER price_questions_stand BEFORE UPDATE ON contracts_pricequestion
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_price_question();
CREATE TRIGGER price_questions_stay BEFORE DELETE OR TRUNCATE ON contracts_pricequestion
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Questions about prices');
