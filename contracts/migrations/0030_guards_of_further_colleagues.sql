-- Who was asked for stays what was asked, is decided on once, and stands for ever.
CREATE FUNCTION contracts_guard_further_colleague() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.decided_at IS NOT NULL
        OR (NEW.vendor_id, NEW.email, NEW.reason, NEW.asked_by_id)
            IS DISTINCT FROM (OLD.vendor_id, OLD.email, OLD.reason, OLD.asked_by_id)
    THEN
        RAISE EXCEPTION 'A colleague stays as asked for and is decided on once'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER colleagues_are_decided_on_once BEFORE UPDATE OR DELETE ON contracts_furthercolleague
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_further_colleague();

-- Rule 2: whoever accepts a link reads the sealed bids of the firm, so a further colleague's link waits for the second
-- person, and no link changes to another address or firm once it is written.
CREATE FUNCTION contracts_guard_invited_colleague() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.vendor_id, NEW.email, NEW.colleague_id)
        IS DISTINCT FROM (OLD.vendor_id, OLD.email, OLD.colleague_id)
    THEN
        RAISE EXCEPTION 'An invitation stays with its address'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    IF NEW.colleague_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM contracts_furthercolleague c
        WHERE c.id = NEW.colleague_id AND c.agreed AND c.vendor_id = NEW.vendor_id AND c.email = NEW.email
    ) THEN
        RAISE EXCEPTION 'A further colleague is written to when a second person agreed'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER colleagues_are_written_to_when_agreed BEFORE INSERT OR UPDATE ON contracts_vendorinvitation
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_invited_colleague();

-- The address of an account is where its password is set anew: another address would be another person in the seat.
CREATE FUNCTION contracts_guard_vendor_address() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.email <> OLD.email AND EXISTS (SELECT FROM contracts_vendorseat s WHERE s.person_id = NEW.id) THEN
        RAISE EXCEPTION 'Who has a seat keeps the address'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER vendors_keep_their_addresses BEFORE UPDATE OF email ON people_user
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_vendor_address();
