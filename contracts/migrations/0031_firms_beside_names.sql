-- Whoever is outside chooses a name, and could choose a colleague's. So the firm stands in the name of every account with
-- a seat, and with it wherever a person is told: on pages, in files, in the API, in notices and in the trail.
UPDATE people_user u
SET name = left(u.name, 200 - length(' · ' || v.name)) || ' · ' || v.name
FROM contracts_vendorseat s JOIN contracts_vendor v ON v.id = s.vendor_id
WHERE s.person_id = u.id AND right(u.name, length(' · ' || v.name)) <> ' · ' || v.name;

CREATE FUNCTION contracts_guard_vendor_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.name <> OLD.name AND EXISTS (
        SELECT FROM contracts_vendorseat s JOIN contracts_vendor v ON v.id = s.vendor_id
        WHERE s.person_id = NEW.id AND right(NEW.name, length(' · ' || v.name)) <> ' · ' || v.name
    ) THEN
        RAISE EXCEPTION 'Who has a seat has the firm beside the name'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER vendors_name_their_firm BEFORE UPDATE OF name ON people_user
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_vendor_name();

CREATE FUNCTION contracts_guard_vendor_seat() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM people_user u JOIN contracts_vendor v ON v.id = NEW.vendor_id
        WHERE u.id = NEW.person_id AND right(u.name, length(' · ' || v.name)) = ' · ' || v.name
    ) THEN
        RAISE EXCEPTION 'Who has a seat has the firm beside the name'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER seats_name_their_firm BEFORE INSERT OR UPDATE ON contracts_vendorseat
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_vendor_seat();
