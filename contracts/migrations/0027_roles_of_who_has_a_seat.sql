-- Rule 2: who signs in for a vendor stays a vendor's, and who is a member of an ME stays a colleague. A changed role would
-- open the market to the one and a firm's sealed bid to the other. A vendor's account is closed instead.
CREATE FUNCTION contracts_guard_vendor_role() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF ('vendor' = ANY (OLD.roles)) <> ('vendor' = ANY (NEW.roles)) AND (
        EXISTS (SELECT FROM contracts_vendorseat s WHERE s.person_id = NEW.id)
        OR EXISTS (
            SELECT FROM microenterprises_membership m
            WHERE m.person_id = NEW.id AND (m.ended_on IS NULL OR m.ended_on > current_date)
        )
    ) THEN
        RAISE EXCEPTION 'Who has a seat or a place in an ME stays outside or inside'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER vendors_stay_outside BEFORE UPDATE OF roles ON people_user
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_vendor_role();
