-- Rule 3: after the deadline nothing of a sealed bid changes and none is added, whatever instant a row claims. The instant
-- that decides is read under the project's lock and the row follows, so a transaction that began in time may still write
-- until the bids are opened. Seeders and importers, which write the past, come through `market.past`.
CREATE FUNCTION contracts_takes_bids(project uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(current_setting('market.past', true), '') <> '' OR p.buyer_id IS NULL
        OR (p.opened_at IS NULL AND transaction_timestamp() + (SELECT ahead FROM core_clock WHERE id = 1) < p.deadline)
    FROM contracts_project p WHERE p.id = project
$$;

CREATE FUNCTION contracts_guard_sealed_bid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.opened_at IS NOT NULL OR (NEW.status, NEW.revision, NEW.receipt, NEW.submitted_at)
            IS NOT DISTINCT FROM (OLD.status, OLD.revision, OLD.receipt, OLD.submitted_at) THEN
            RETURN NEW;
        END IF;
        -- The opening judges what was sealed as it is: valid, or not confirmed in time.
        IF OLD.status = 'submitted' AND (NEW.status = 'stale' OR NEW.opened_at IS NOT NULL)
            AND (NEW.revision, NEW.receipt, NEW.submitted_at) = (OLD.revision, OLD.receipt, OLD.submitted_at) THEN
            RETURN NEW;
        END IF;
    END IF;
    IF NOT contracts_takes_bids(NEW.project_id) THEN
        RAISE EXCEPTION 'From the deadline on no bid is taken, changed or withdrawn'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER sealed_bids_stand_from_the_deadline BEFORE INSERT OR UPDATE ON contracts_bid
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_sealed_bid();

-- A bid is found not confirmed by the opening alone: in the transaction that opens the others, or ends without any.
CREATE FUNCTION contracts_guard_lapsed_bid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM contracts_project p WHERE p.id = NEW.project_id AND p.opened_at IS NULL) THEN
        RAISE EXCEPTION 'A bid lapses when the bids are opened, not before'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER bids_lapse_at_the_opening AFTER UPDATE OF status ON contracts_bid
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.status = 'stale' AND OLD.status <> 'stale')
    EXECUTE FUNCTION contracts_guard_lapsed_bid();

CREATE OR REPLACE FUNCTION contracts_guard_sealed_terms() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    bid contracts_bid%ROWTYPE;
BEGIN
    SELECT * INTO bid FROM contracts_bid b WHERE b.id = NEW.bid_id;
    IF TG_OP = 'UPDATE' AND (bid.opened_at IS NOT NULL OR NEW.bid_id <> OLD.bid_id) THEN
        RAISE EXCEPTION 'The sealed terms of an opened bid never change: receipts are checked against them'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    IF NOT contracts_takes_bids(bid.project_id) THEN
        RAISE EXCEPTION 'From the deadline on no sealed terms are taken or changed'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
DROP TRIGGER sealed_terms_of_opened_bids_stand ON contracts_sealedterms;
CREATE TRIGGER sealed_terms_stand_from_the_deadline BEFORE INSERT OR UPDATE ON contracts_sealedterms
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_sealed_terms();

-- Rules 5 and 7: a contract is with who won, at the price of the winning bid. No verb amends a price, so it stays.
CREATE FUNCTION contracts_guard_contract() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (
            NEW.id, NEW.project_id, NEW.award_id, NEW.buyer_id, NEW.supplier_id, NEW.supplier_vendor_id, NEW.title,
            NEW.currency, NEW.book, NEW.price_minor, NEW.created_at
        ) IS DISTINCT FROM (
            OLD.id, OLD.project_id, OLD.award_id, OLD.buyer_id, OLD.supplier_id, OLD.supplier_vendor_id, OLD.title,
            OLD.currency, OLD.book, OLD.price_minor, OLD.created_at
        ) THEN
            RAISE EXCEPTION 'A contract keeps its parties, its award and its price'
                USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
        END IF;
        RETURN NEW;
    END IF;
    IF NOT EXISTS (
        SELECT FROM contracts_award a
        JOIN contracts_bid b ON b.id = a.bid_id
        JOIN contracts_project p ON p.id = a.project_id
        WHERE a.id = NEW.award_id AND (p.id, p.buyer_id, p.currency, p.book, b.price_minor)
            = (NEW.project_id, NEW.buyer_id, NEW.currency, NEW.book, NEW.price_minor)
            AND (b.microenterprise_id, b.vendor_id) IS NOT DISTINCT FROM (NEW.supplier_id, NEW.supplier_vendor_id)
    ) THEN
        RAISE EXCEPTION 'A contract has the parties and the price of its award'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER contracts_follow_their_award BEFORE INSERT OR UPDATE ON contracts_contract
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_contract();
CREATE TRIGGER contracts_stay BEFORE DELETE OR TRUNCATE ON contracts_contract
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Contracts');
