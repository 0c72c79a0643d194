-- Lots are declared before bids open: whether a project is a lot, of what, and which one, is fixed at publication.
CREATE FUNCTION contracts_guard_lot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.lot_set_id, NEW.lot_number) IS DISTINCT FROM (OLD.lot_set_id, OLD.lot_number) THEN
        RAISE EXCEPTION 'Lots are declared before a project is published'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER lots_are_declared_before_publication BEFORE UPDATE OF lot_set_id, lot_number ON contracts_project
    FOR EACH ROW WHEN (OLD.status <> 'draft') EXECUTE FUNCTION contracts_guard_lot();

-- The lots of a set are one buyer's, published all or none, with one opening and one deadline. Asked at commit, when
-- each of them has moved.
CREATE FUNCTION contracts_guard_lots_together() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    buyer uuid;
BEGIN
    SELECT s.buyer_id INTO buyer FROM contracts_lotset s WHERE s.id = NEW.lot_set_id;
    IF EXISTS (
        SELECT FROM contracts_project p WHERE p.lot_set_id = NEW.lot_set_id AND p.buyer_id IS DISTINCT FROM buyer
    ) OR (
        SELECT count(DISTINCT (p.currency, p.book)) > 1 FROM contracts_project p WHERE p.lot_set_id = NEW.lot_set_id
    ) THEN
        RAISE EXCEPTION 'The lots of a set have one buyer, one currency and one book'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    IF EXISTS (
        SELECT FROM contracts_project p WHERE p.lot_set_id = NEW.lot_set_id AND p.status = 'draft'
    ) AND EXISTS (
        SELECT FROM contracts_project p WHERE p.lot_set_id = NEW.lot_set_id AND p.published_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'The lots of a set are published all or none'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    IF (
        SELECT count(DISTINCT (p.opens_at, p.deadline, p.deadline_zone)) > 1
        FROM contracts_project p WHERE p.lot_set_id = NEW.lot_set_id AND p.status = 'published'
    ) THEN
        RAISE EXCEPTION 'The lots of a set have one opening and one deadline'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER lots_go_together
    AFTER INSERT OR UPDATE OF status, opens_at, deadline, deadline_zone, buyer_id, currency, book, lot_set_id
    ON contracts_project DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.lot_set_id IS NOT NULL) EXECUTE FUNCTION contracts_guard_lots_together();

-- What a set is called is read by bidders: it stands once its lots are published.
CREATE FUNCTION contracts_guard_lot_set() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.buyer_id, NEW.created_at, NEW.created_by_id)
        IS DISTINCT FROM (OLD.id, OLD.buyer_id, OLD.created_at, OLD.created_by_id)
        OR EXISTS (SELECT FROM contracts_project p WHERE p.lot_set_id = OLD.id AND p.published_at IS NOT NULL) THEN
        RAISE EXCEPTION 'A set of published lots stands'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER published_lots_keep_their_title BEFORE UPDATE ON contracts_lotset
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_lot_set();
