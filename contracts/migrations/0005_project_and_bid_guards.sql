-- Rule 4: what bidders rely on is frozen when a project is published.
CREATE FUNCTION contracts_guard_project() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status <> 'draft' AND (
        NEW.id, NEW.buyer_id, NEW.title, NEW.need, NEW.success_measure, NEW.currency, NEW.ceiling_minor, NEW.book,
        NEW.opens_at, NEW.deadline, NEW.method, NEW.price_weight_bp, NEW.pass_mark, NEW.draw_seed, NEW.draw_commitment,
        NEW.acceptor_id, NEW.published_at, NEW.published_by_id
    ) IS DISTINCT FROM (
        OLD.id, OLD.buyer_id, OLD.title, OLD.need, OLD.success_measure, OLD.currency, OLD.ceiling_minor, OLD.book,
        OLD.opens_at, OLD.deadline, OLD.method, OLD.price_weight_bp, OLD.pass_mark, OLD.draw_seed, OLD.draw_commitment,
        OLD.acceptor_id, OLD.published_at, OLD.published_by_id
    ) THEN
        RAISE EXCEPTION 'A published project keeps its words, criteria, ceiling, times and people'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER published_projects_are_frozen BEFORE UPDATE ON contracts_project
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_project();
CREATE FUNCTION contracts_guard_project_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status <> 'draft' THEN
        RAISE EXCEPTION 'A published project stays'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN OLD;
END
$$;
CREATE TRIGGER published_projects_stay BEFORE DELETE ON contracts_project
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_project_stays();

-- Rule 6: the panel is fixed at publication. Seeders and importers, which write the past, come through `market.past`.
CREATE FUNCTION contracts_guard_panel() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('market.past', true), '') = '' AND EXISTS (
        SELECT FROM contracts_project p
        WHERE p.id = CASE TG_OP WHEN 'DELETE' THEN OLD.project_id ELSE NEW.project_id END AND p.status <> 'draft'
    ) THEN
        RAISE EXCEPTION 'The panel of a published project is fixed'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER panels_are_fixed_at_publication BEFORE INSERT OR UPDATE OR DELETE ON contracts_panelist
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_panel();

-- Rule 3: no bid is stored or revised at the deadline or later, none is opened before it. Reference projects (no buyer)
-- tell what really happened elsewhere, late bids included.
CREATE FUNCTION contracts_guard_bid_times() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    project contracts_project%ROWTYPE;
BEGIN
    SELECT * INTO project FROM contracts_project p WHERE p.id = NEW.project_id;
    IF project.buyer_id IS NULL THEN
        RETURN NEW;
    END IF;
    IF NEW.submitted_at >= project.deadline OR NEW.submitted_at < project.opens_at THEN
        RAISE EXCEPTION 'A bid is submitted between the opening and the deadline'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    IF NEW.opened_at < project.deadline THEN
        RAISE EXCEPTION 'No bid is opened before the deadline'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER bids_keep_to_the_deadline BEFORE INSERT OR UPDATE OF submitted_at, opened_at, project_id ON contracts_bid
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_bid_times();

-- What was opened is what was sealed, for ever; a bid never changes its project or its bidder.
CREATE FUNCTION contracts_guard_opened_bid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.project_id, NEW.bidder_token) IS DISTINCT FROM (OLD.id, OLD.project_id, OLD.bidder_token) THEN
        RAISE EXCEPTION 'A bid keeps its project and its bidder'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    IF OLD.opened_at IS NOT NULL AND (
        NEW.opened_at, NEW.submitted_at, NEW.revision, NEW.receipt, NEW.microenterprise_id, NEW.author_id,
        NEW.bidder_name, NEW.price_minor, NEW.days, NEW.plan, NEW.external_id
    ) IS DISTINCT FROM (
        OLD.opened_at, OLD.submitted_at, OLD.revision, OLD.receipt, OLD.microenterprise_id, OLD.author_id,
        OLD.bidder_name, OLD.price_minor, OLD.days, OLD.plan, OLD.external_id
    ) THEN
        RAISE EXCEPTION 'What was opened never changes'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER opened_bids_stand BEFORE UPDATE ON contracts_bid
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_opened_bid();
CREATE TRIGGER bids_stay BEFORE DELETE OR TRUNCATE ON contracts_bid
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Bids');

CREATE FUNCTION contracts_guard_sealed_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM contracts_bid b WHERE b.id = OLD.bid_id AND b.opened_at IS NOT NULL) THEN
        RAISE EXCEPTION 'The sealed terms of an opened bid never change: receipts are checked against them'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER sealed_terms_of_opened_bids_stand BEFORE UPDATE ON contracts_sealedterms
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_sealed_terms();
CREATE TRIGGER sealed_terms_stay BEFORE DELETE OR TRUNCATE ON contracts_sealedterms
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Sealed terms');

CREATE FUNCTION contracts_guard_sealed_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.project_id, NEW.ciphertext) IS DISTINCT FROM (OLD.id, OLD.project_id, OLD.ciphertext)
        OR OLD.published THEN
        RAISE EXCEPTION 'A sealed deed never changes; it is published once'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER sealed_deeds_are_published_once BEFORE UPDATE ON contracts_sealedevent
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_sealed_event();
CREATE TRIGGER sealed_deeds_stay BEFORE DELETE OR TRUNCATE ON contracts_sealedevent
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Sealed deeds');

CREATE FUNCTION contracts_guard_award() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.project_id, NEW.bid_id, NEW.reason, NEW.arithmetic, NEW.awarded_at, NEW.awarded_by_id)
        IS DISTINCT FROM
        (OLD.id, OLD.project_id, OLD.bid_id, OLD.reason, OLD.arithmetic, OLD.awarded_at, OLD.awarded_by_id) THEN
        RAISE EXCEPTION 'An award keeps its bid, its reason and its arithmetic'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER awards_stand BEFORE UPDATE ON contracts_award
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_award();
CREATE TRIGGER awards_stay BEFORE DELETE OR TRUNCATE ON contracts_award
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Awards');

-- Losing a key loses every bid under it.
CREATE TRIGGER keys_stay BEFORE DELETE OR TRUNCATE ON contracts_wrappedkey
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Keys of sealed bids');
