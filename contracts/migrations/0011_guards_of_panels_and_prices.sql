-- Rule 4: the criteria of quality are frozen when a project is published. Seeders come through `market.past`.
CREATE FUNCTION contracts_guard_criteria() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('market.past', true), '') = '' AND EXISTS (
        SELECT FROM contracts_project p
        WHERE p.id = CASE TG_OP WHEN 'DELETE' THEN OLD.project_id ELSE NEW.project_id END AND p.status <> 'draft'
    ) THEN
        RAISE EXCEPTION 'The criteria of a published project are frozen'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER criteria_are_frozen_at_publication BEFORE INSERT OR UPDATE OR DELETE ON contracts_criterion
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_criteria();

CREATE FUNCTION contracts_guard_envelopes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status <> 'draft' AND NEW.two_envelopes <> OLD.two_envelopes THEN
        RAISE EXCEPTION 'A published project keeps its envelopes'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    IF OLD.status = 'draft' AND NEW.status = 'published'
        AND (SELECT sum(c.weight_bp) FROM contracts_criterion c WHERE c.project_id = NEW.id) IS DISTINCT FROM 10000 THEN
        RAISE EXCEPTION 'The criteria of a published project weigh 10,000 basis points together'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER envelopes_are_frozen_at_publication BEFORE UPDATE OF status, two_envelopes ON contracts_project
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_envelopes();

-- Rule 6: the panel is fixed at publication; only when everybody has a conflict and the buyer asked for it does the
-- steward name one more. Whom a place is for never changes.
CREATE OR REPLACE FUNCTION contracts_guard_panel() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.id, NEW.project_id, NEW.person_id, NEW.named_at, NEW.named_by_id) IS DISTINCT FROM
            (OLD.id, OLD.project_id, OLD.person_id, OLD.named_at, OLD.named_by_id) THEN
            RAISE EXCEPTION 'A place on a panel is for one person'
                USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
        END IF;
        IF OLD.status = 'conflicted' AND NEW.status <> 'conflicted' THEN
            RAISE EXCEPTION 'Who has a conflict of interest does not come back to the panel'
                USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
        END IF;
        RETURN NEW;
    END IF;
    IF coalesce(current_setting('market.past', true), '') <> '' AND (TG_OP = 'DELETE' OR NEW.named_by_id IS NULL) THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF EXISTS (
        SELECT FROM contracts_project p
        WHERE p.id = CASE TG_OP WHEN 'DELETE' THEN OLD.project_id ELSE NEW.project_id END AND p.status <> 'draft'
    ) AND (
        TG_OP = 'DELETE'
        OR NEW.named_by_id IS NULL
        OR EXISTS (
            SELECT FROM contracts_panelist o WHERE o.project_id = NEW.project_id AND o.status <> 'conflicted'
        )
        OR NOT EXISTS (
            SELECT FROM contracts_replacementrequest r WHERE r.project_id = NEW.project_id AND r.panelist_id IS NULL
        )
    ) THEN
        RAISE EXCEPTION 'The panel of a published project is fixed'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;

CREATE TRIGGER declarations_stand BEFORE UPDATE OR DELETE OR TRUNCATE ON contracts_declaration
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Declarations of interests');

-- Points are absent until everybody who judges has given theirs.
CREATE FUNCTION contracts_guard_score_arrival() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM contracts_panelist own JOIN contracts_panelist other ON other.project_id = own.project_id
        WHERE own.id = NEW.panelist_id AND (other.status IN ('named', 'ready') OR own.status <> 'submitted')
    ) THEN
        RAISE EXCEPTION 'Points of a panel show when everybody who judges has given theirs'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER scores_are_published_together BEFORE INSERT ON contracts_score
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_score_arrival();
CREATE FUNCTION contracts_guard_score() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.voided_at IS NOT NULL
        OR (NEW.id, NEW.panelist_id, NEW.bid_id, NEW.criterion_id, NEW.points, NEW.reason) IS DISTINCT FROM
            (OLD.id, OLD.panelist_id, OLD.bid_id, OLD.criterion_id, OLD.points, OLD.reason) THEN
        RAISE EXCEPTION 'Points stand as they were given; a conflict of interest voids them once'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER scores_stand BEFORE UPDATE ON contracts_score FOR EACH ROW EXECUTE FUNCTION contracts_guard_score();
CREATE TRIGGER scores_stay BEFORE DELETE OR TRUNCATE ON contracts_score
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Points of panels');
CREATE TRIGGER sealed_scores_stay BEFORE DELETE OR TRUNCATE ON contracts_sealedscores
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Points of panels');

-- One figure: proposed, confirmed by as many others as it needs, agreed for ever.
CREATE FUNCTION contracts_guard_consensus() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status <> 'proposed'
        OR (NEW.id, NEW.project_id, NEW.needed, NEW.proposed_at, NEW.proposed_by_id) IS DISTINCT FROM
            (OLD.id, OLD.project_id, OLD.needed, OLD.proposed_at, OLD.proposed_by_id) THEN
        RAISE EXCEPTION 'Proposed figures stand as they were proposed, and agreed ones for ever'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    IF NEW.status = 'agreed' AND (
        SELECT count(*) FROM contracts_confirmation c
        WHERE c.consensus_id = NEW.id AND c.confirmed_by_id <> NEW.proposed_by_id
    ) < NEW.needed THEN
        RAISE EXCEPTION 'Figures are agreed when enough of the panel confirmed them'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER agreed_figures_stand BEFORE UPDATE ON contracts_consensus
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_consensus();
CREATE TRIGGER figures_stay BEFORE DELETE OR TRUNCATE ON contracts_consensus
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Figures of panels');
CREATE TRIGGER lines_of_figures_stand BEFORE UPDATE OR DELETE OR TRUNCATE ON contracts_consensusline
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Figures of panels');
CREATE TRIGGER confirmations_stand BEFORE UPDATE OR DELETE OR TRUNCATE ON contracts_confirmation
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Confirmations');

-- Quality is what the panel agreed, weighed by the frozen criteria and rounded down; once, and for ever.
CREATE FUNCTION contracts_guard_quality() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.quality_points, NEW.quality_parts) IS NOT DISTINCT FROM (OLD.quality_points, OLD.quality_parts) THEN
        RETURN NEW;
    END IF;
    IF OLD.quality_points IS NOT NULL OR NEW.quality_points IS DISTINCT FROM (
        SELECT floor(sum(l.points::bigint * k.weight_bp) / 10000)::bigint
        FROM contracts_consensusline l
        JOIN contracts_consensus c ON c.id = l.consensus_id AND c.status = 'agreed'
        JOIN contracts_criterion k ON k.id = l.criterion_id
        WHERE c.project_id = NEW.project_id AND l.bid_id = NEW.id
    ) THEN
        RAISE EXCEPTION 'Quality is what the panel agreed on'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER quality_is_what_the_panel_agreed BEFORE UPDATE OF quality_points, quality_parts ON contracts_bid
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_quality();

-- What was opened is what was sealed, for ever; a bid never changes its project or its bidder. Under two envelopes the
-- price stays sealed at the opening, and shows later once: when the panel has agreed and the bid meets the pass mark.
CREATE OR REPLACE FUNCTION contracts_guard_opened_bid() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    project contracts_project%ROWTYPE;
BEGIN
    IF (NEW.id, NEW.project_id, NEW.bidder_token) IS DISTINCT FROM (OLD.id, OLD.project_id, OLD.bidder_token) THEN
        RAISE EXCEPTION 'A bid keeps its project and its bidder'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    IF OLD.opened_at IS NOT NULL AND (
        NEW.opened_at, NEW.submitted_at, NEW.revision, NEW.receipt, NEW.microenterprise_id, NEW.author_id,
        NEW.bidder_name, NEW.days, NEW.plan, NEW.answers, NEW.external_id
    ) IS DISTINCT FROM (
        OLD.opened_at, OLD.submitted_at, OLD.revision, OLD.receipt, OLD.microenterprise_id, OLD.author_id,
        OLD.bidder_name, OLD.days, OLD.plan, OLD.answers, OLD.external_id
    ) THEN
        RAISE EXCEPTION 'What was opened never changes'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    IF (NEW.price_minor, NEW.price_opened_at) IS NOT DISTINCT FROM (OLD.price_minor, OLD.price_opened_at) THEN
        RETURN NEW;
    END IF;
    IF OLD.price_minor IS NOT NULL THEN
        RAISE EXCEPTION 'What was opened never changes'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    SELECT * INTO project FROM contracts_project p WHERE p.id = NEW.project_id;
    IF project.two_envelopes AND (
        OLD.opened_at IS NULL
        OR NEW.status <> 'valid'
        OR NEW.quality_points IS NULL
        OR NEW.quality_points < project.pass_mark
        OR NOT EXISTS (SELECT FROM contracts_consensus c WHERE c.project_id = project.id AND c.status = 'agreed')
    ) THEN
        RAISE EXCEPTION 'Prices stay sealed until quality is agreed, and below the pass mark for ever'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    IF NOT project.two_envelopes AND OLD.opened_at IS NOT NULL THEN
        RAISE EXCEPTION 'What was opened never changes'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
