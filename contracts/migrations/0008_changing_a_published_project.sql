-- What a buyer proposes as milestones is the whole price or nothing.
CREATE FUNCTION contracts_shares_bp(milestones jsonb) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(sum((part ->> 'share_bp')::bigint), 0) FROM jsonb_array_elements(milestones) part
$$;
ALTER TABLE contracts_project ADD CONSTRAINT proposed_milestones_share_the_whole_price
    CHECK (jsonb_array_length(milestones) = 0 OR contracts_shares_bp(milestones) = 10000);

-- Versions of a published project's words are only ever added.
CREATE TRIGGER project_versions_stand BEFORE UPDATE OR DELETE OR TRUNCATE ON contracts_projectversion
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Versions of projects');

-- Rule 4: what bidders rely on is frozen when a project is published. Before the deadline its words may become the next
-- version, which is written down first; who buys, in which currency, by which method and draw, who may bid, from when,
-- and who accepts never change, and a deadline only moves later.
CREATE OR REPLACE FUNCTION contracts_guard_project() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'draft' THEN
        RETURN NEW;
    END IF;
    IF (
        NEW.id, NEW.buyer_id, NEW.currency, NEW.book, NEW.opens_at, NEW.method, NEW.draw_seed, NEW.draw_commitment,
        NEW.acceptor_id, NEW.published_at, NEW.published_by_id, NEW.admission
    ) IS DISTINCT FROM (
        OLD.id, OLD.buyer_id, OLD.currency, OLD.book, OLD.opens_at, OLD.method, OLD.draw_seed, OLD.draw_commitment,
        OLD.acceptor_id, OLD.published_at, OLD.published_by_id, OLD.admission
    ) THEN
        RAISE EXCEPTION 'A published project keeps its buyer, method, draw, times, people and who may bid'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    IF (
        NEW.revision, NEW.title, NEW.need, NEW.success_measure, NEW.measure_metric, NEW.measure_baseline,
        NEW.measure_target, NEW.measure_how, NEW.measure_by, NEW.milestones, NEW.ceiling_minor, NEW.deadline,
        NEW.deadline_zone, NEW.price_weight_bp, NEW.pass_mark
    ) IS NOT DISTINCT FROM (
        OLD.revision, OLD.title, OLD.need, OLD.success_measure, OLD.measure_metric, OLD.measure_baseline,
        OLD.measure_target, OLD.measure_how, OLD.measure_by, OLD.milestones, OLD.ceiling_minor, OLD.deadline,
        OLD.deadline_zone, OLD.price_weight_bp, OLD.pass_mark
    ) THEN
        RETURN NEW;
    END IF;
    IF OLD.status <> 'published' OR NEW.status <> 'published' OR NEW.revision <> OLD.revision + 1
        OR NEW.deadline < OLD.deadline OR market_now() >= OLD.deadline
        OR NOT EXISTS (
            SELECT FROM contracts_projectversion v WHERE v.project_id = OLD.id AND v.number = NEW.revision
        ) THEN
        RAISE EXCEPTION 'A published project keeps its words, criteria, ceiling and deadline but for a new version'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;

-- Who is invited is fixed at publication. Seeders and importers, which write the past, come through `market.past`.
CREATE FUNCTION contracts_guard_invited() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('market.past', true), '') = '' AND EXISTS (
        SELECT FROM contracts_project p
        WHERE p.id = CASE TG_OP WHEN 'DELETE' THEN OLD.project_id ELSE NEW.project_id END AND p.status <> 'draft'
    ) THEN
        RAISE EXCEPTION 'Who is invited to a published project is fixed'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER invitations_are_fixed_at_publication BEFORE INSERT OR UPDATE OR DELETE ON contracts_invitedfirm
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_invited();
