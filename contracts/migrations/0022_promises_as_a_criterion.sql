-- Quality is what the panel agreed, and what nobody judges, weighed by the frozen criteria and rounded down; once, and for
-- ever. What nobody judges (kept promises) is given once, when the bid is opened, and stands as it was given.
CREATE OR REPLACE FUNCTION contracts_guard_quality() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    given jsonb := coalesce(OLD.quality_parts, '[]');
BEGIN
    IF (NEW.quality_points, NEW.quality_parts) IS NOT DISTINCT FROM (OLD.quality_points, OLD.quality_parts) THEN
        RETURN NEW;
    END IF;
    IF OLD.quality_points IS NULL AND NEW.quality_points IS NULL AND OLD.quality_parts IS NULL THEN
        IF NEW.opened_at IS NULL OR jsonb_array_length(NEW.quality_parts) <> 1 OR NOT EXISTS (
            SELECT FROM contracts_criterion k, jsonb_array_elements(NEW.quality_parts) part
            WHERE k.project_id = NEW.project_id AND k.kind = 'promises'
                AND (part->>'weight_bp')::int = k.weight_bp AND (part->>'points')::int BETWEEN 0 AND 10000
        ) THEN
            RAISE EXCEPTION 'Only kept promises are given without a panel, when a bid is opened'
                USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.quality_points IS NOT NULL OR NEW.quality_points IS NULL
        OR NOT coalesce(NEW.quality_parts, '[]') @> given
        OR NEW.quality_points IS DISTINCT FROM (
            SELECT floor((sum(l.points::bigint * k.weight_bp) + coalesce((
                SELECT sum((part->>'points')::bigint * (part->>'weight_bp')::bigint)
                FROM jsonb_array_elements(given) part
            ), 0)) / 10000)::bigint
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
