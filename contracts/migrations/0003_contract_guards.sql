-- Rule 7: a contract is what all parties saw. Words, signatures and ratings are only ever added.
CREATE TRIGGER contract_versions_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON contracts_contractversion
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Contract versions');
CREATE TRIGGER signatures_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON contracts_signature
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Signatures');
CREATE TRIGGER ratings_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON contracts_rating
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Ratings');

ALTER TABLE contracts_contractversion ADD CONSTRAINT a_version_carries_its_own_hash
    CHECK (sha256 = encode(sha256(convert_to(body, 'UTF8')), 'hex'));

CREATE FUNCTION contracts_guard_signature() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM contracts_contractversion v WHERE v.id = NEW.version_id AND v.sha256 = NEW.sha256_seen
    ) THEN
        RAISE EXCEPTION 'A signature names the hash of the version it signs'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER a_signature_names_the_hash_of_its_version BEFORE INSERT ON contracts_signature
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_signature();

-- What was accepted or cancelled never changes, and what was promised in a milestone stays as it was signed.
CREATE FUNCTION contracts_guard_decided() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status IN ('accepted', 'part_accepted', 'cancelled') THEN
        RAISE EXCEPTION 'A milestone that is % never changes', replace(OLD.status, '_', ' ')
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    IF (NEW.id, NEW.contract_id, NEW.number, NEW.title, NEW.amount_minor, NEW.due_on)
        IS DISTINCT FROM (OLD.id, OLD.contract_id, OLD.number, OLD.title, OLD.amount_minor, OLD.due_on) THEN
        RAISE EXCEPTION 'What a milestone promises was signed and never changes'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER decided_milestones_stand BEFORE UPDATE ON contracts_milestone
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_decided();
CREATE TRIGGER milestones_stay BEFORE DELETE OR TRUNCATE ON contracts_milestone
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Milestones');

-- The milestones of a contract are inserted together, by one statement, and sum to its price.
CREATE FUNCTION contracts_guard_milestone_sum() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong uuid;
BEGIN
    SELECT c.id INTO wrong
    FROM contracts_contract c
    JOIN contracts_milestone m ON m.contract_id = c.id
    WHERE c.id IN (SELECT contract_id FROM arrived)
    GROUP BY c.id, c.price_minor
    HAVING sum(m.amount_minor) <> c.price_minor
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'The milestones of contract % do not sum to its price', wrong
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER milestones_sum_to_the_price AFTER INSERT ON contracts_milestone
    REFERENCING NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION contracts_guard_milestone_sum();
