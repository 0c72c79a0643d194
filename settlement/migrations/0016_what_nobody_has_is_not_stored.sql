-- On nearly every night nobody pays a draw back and nobody has left: those two lists are then empty instead of twenty
-- zeros, and an outcome of twenty members is a fifth smaller.
CREATE OR REPLACE VIEW settlement_shareline AS
SELECT encode(substr(uuid_send(o.id), 1, 14) || int2send(at.place::smallint), 'hex')::uuid AS id,
       o.id AS outcome_id, at.place, o.microenterprise_id, o.share_terms_id, o.night, o.business_date,
       m.person_id, m.id AS membership_id, o.currency,
       o.member_weights[at.place] AS weight, o.weights_sum,
       coalesce(o.member_inherited_grain[at.place], 0) AS inherited_grain,
       o.member_carry_before_grain[at.place] AS carry_before_grain,
       o.member_carry_after_grain[at.place] AS carry_after_grain,
       o.member_minor[at.place] AS amount_minor,
       coalesce(o.member_recovered_minor[at.place], 0) AS recovered_minor,
       o.member_minor[at.place] - coalesce(o.member_recovered_minor[at.place], 0) AS payable_minor
  FROM settlement_outcome o
  JOIN microenterprises_membership m ON m.microenterprise_id = o.microenterprise_id
 CROSS JOIN LATERAL (SELECT array_position(o.member_numbers, m.number) AS place) at
 WHERE at.place IS NOT NULL;

CREATE OR REPLACE FUNCTION settlement_guard_parts() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    wrong uuid;
BEGIN
    SELECT o.id INTO wrong
      FROM new_outcomes o
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(p.minor), 0) AS shared, coalesce(sum(p.back), 0) AS recovered,
                  coalesce(bool_and(p.minor >= coalesce(p.back, 0) AND coalesce(p.back, 0) >= 0), true) AS whole
             FROM unnest(o.member_minor, o.member_recovered_minor) AS p (minor, back)) parts
     WHERE (parts.shared, parts.recovered, parts.whole)
           IS DISTINCT FROM (o.shared_minor::numeric, o.recovered_minor::numeric, true)
        OR cardinality(o.member_recovered_minor) NOT IN (0, cardinality(o.member_minor))
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the parts of outcome % do not sum to what it shares', wrong
            USING ERRCODE = 'check_violation', TABLE = 'settlement_outcome', CONSTRAINT = 'parts_sum_to_what_is_shared';
    END IF;
    RETURN NULL;
END
$$;
