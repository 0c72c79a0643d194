-- Bidders rely on what was asked and answered: both are said in the open time of the project, once, and stay.
CREATE FUNCTION contracts_guard_question() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    project contracts_project%ROWTYPE;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.id, NEW.project_id, NEW.number, NEW.asker_token, NEW.text, NEW.asked_at)
            IS DISTINCT FROM
            (OLD.id, OLD.project_id, OLD.number, OLD.asker_token, OLD.text, OLD.asked_at) THEN
            RAISE EXCEPTION 'A question stays as it was asked'
                USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
        END IF;
        IF OLD.answered_at IS NOT NULL THEN
            RAISE EXCEPTION 'An answer stays as it was given'
                USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
        END IF;
    END IF;
    SELECT * INTO project FROM contracts_project p WHERE p.id = NEW.project_id;
    IF project.opens_at IS NULL OR NEW.asked_at < project.opens_at OR NEW.asked_at >= project.deadline THEN
        RAISE EXCEPTION 'A question is asked between the opening and the deadline'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    IF NEW.answered_at < NEW.asked_at OR NEW.answered_at >= project.deadline THEN
        RAISE EXCEPTION 'A question is answered before the deadline'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER questions_and_answers_stand BEFORE INSERT OR UPDATE ON contracts_question
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_question();
CREATE TRIGGER questions_stay BEFORE DELETE OR TRUNCATE ON contracts_question
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Questions');
