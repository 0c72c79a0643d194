-- The demands on the parts of an outcome are the same: they sum to what was shared, none is below zero, the draw is paid
-- back first. On nearly every night nobody pays anything back; then one list is looked at instead of two side by side.
CREATE OR REPLACE FUNCTION settlement_guard_parts() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    wrong uuid;
BEGIN
    SELECT o.id INTO wrong
      FROM new_outcomes o
     WHERE CASE cardinality(o.member_recovered_minor)
           WHEN 0 THEN o.recovered_minor = 0 AND 0 <= ALL (o.member_minor)
                AND (SELECT coalesce(sum(minor), 0) FROM (SELECT unnest(o.member_minor) AS minor) p) = o.shared_minor
           ELSE cardinality(o.member_recovered_minor) = cardinality(o.member_minor)
                AND (SELECT (sum(p.minor), sum(p.back), bool_and(coalesce(p.minor >= p.back AND p.back >= 0, false)))
                            IS NOT DISTINCT FROM (o.shared_minor::numeric, o.recovered_minor::numeric, true)
                       FROM (SELECT unnest(o.member_minor) AS minor, unnest(o.member_recovered_minor) AS back) p) END IS NOT TRUE
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the parts of outcome % do not sum to what it shares', wrong
            USING ERRCODE = 'check_violation', TABLE = 'settlement_outcome', CONSTRAINT = 'parts_sum_to_what_is_shared';
    END IF;
    RETURN NULL;
END
$$;
