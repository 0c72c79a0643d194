-- Who got what of a pool stands in the outcome itself, side by side in arrays: a night of 80,000 parts is stored as 4,000
-- rows, and everything that belongs to a part is found through its outcome. What was kept line by line moves there.
ALTER TABLE settlement_outcome
    ADD COLUMN member_numbers bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN member_weights bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN member_minor bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN member_recovered_minor bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN member_inherited_grain bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN member_carry_before_grain bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN member_carry_after_grain bigint[] NOT NULL DEFAULT '{}';

ALTER TABLE settlement_outcome DISABLE TRIGGER USER;
UPDATE settlement_outcome o
   SET member_numbers = l.numbers, member_weights = l.weights, member_minor = l.minor,
       member_recovered_minor = l.recovered, member_inherited_grain = l.inherited,
       member_carry_before_grain = l.before, member_carry_after_grain = l.after
  FROM (SELECT s.outcome_id, array_agg(m.number ORDER BY m.number) AS numbers,
               array_agg(s.weight ORDER BY m.number) AS weights,
               array_agg(s.amount_minor ORDER BY m.number) AS minor,
               array_agg(s.recovered_minor ORDER BY m.number) AS recovered,
               array_agg(s.inherited_grain ORDER BY m.number) AS inherited,
               array_agg(s.carry_before_grain ORDER BY m.number) AS before,
               array_agg(s.carry_after_grain ORDER BY m.number) AS after
          FROM settlement_shareline s JOIN microenterprises_membership m ON m.id = s.membership_id
         GROUP BY s.outcome_id) l
 WHERE l.outcome_id = o.id;
ALTER TABLE settlement_outcome ENABLE TRIGGER USER;
ALTER TABLE settlement_outcome
    ALTER COLUMN member_numbers DROP DEFAULT, ALTER COLUMN member_weights DROP DEFAULT,
    ALTER COLUMN member_minor DROP DEFAULT, ALTER COLUMN member_recovered_minor DROP DEFAULT,
    ALTER COLUMN member_inherited_grain DROP DEFAULT, ALTER COLUMN member_carry_before_grain DROP DEFAULT,
    ALTER COLUMN member_carry_after_grain DROP DEFAULT;

-- Parts are whole, never below zero, and sum to what was shared; the draw is paid back first. Asked of all outcomes of a
-- statement at once: a check of each row would take as long as writing it. Outcomes are never changed.
CREATE FUNCTION settlement_guard_parts() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    wrong uuid;
BEGIN
    SELECT o.id INTO wrong
      FROM new_outcomes o
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(p.minor), 0) AS shared, coalesce(sum(p.back), 0) AS recovered,
                  coalesce(bool_and(p.minor >= p.back AND p.back >= 0), true) AS whole
             FROM unnest(o.member_minor, o.member_recovered_minor) AS p (minor, back)) parts
     WHERE (parts.shared, parts.recovered, parts.whole)
           IS DISTINCT FROM (o.shared_minor::numeric, o.recovered_minor::numeric, true)
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the parts of outcome % do not sum to what it shares', wrong
            USING ERRCODE = 'check_violation', TABLE = 'settlement_outcome', CONSTRAINT = 'parts_sum_to_what_is_shared';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER parts_sum_to_what_is_shared AFTER INSERT ON settlement_outcome
    REFERENCING NEW TABLE AS new_outcomes FOR EACH STATEMENT EXECUTE FUNCTION settlement_guard_parts();

DROP VIEW settlement_statementline;
DROP TABLE settlement_shareline;

-- A part as a row. Its id is its outcome's, with its place in the arrays as the last two bytes.
CREATE VIEW settlement_shareline AS
SELECT encode(substr(uuid_send(o.id), 1, 14) || int2send(at.place::smallint), 'hex')::uuid AS id,
       o.id AS outcome_id, at.place, o.microenterprise_id, o.share_terms_id, o.night, o.business_date,
       m.person_id, m.id AS membership_id, o.currency,
       o.member_weights[at.place] AS weight, o.weights_sum,
       o.member_inherited_grain[at.place] AS inherited_grain,
       o.member_carry_before_grain[at.place] AS carry_before_grain,
       o.member_carry_after_grain[at.place] AS carry_after_grain,
       o.member_minor[at.place] AS amount_minor,
       o.member_recovered_minor[at.place] AS recovered_minor,
       o.member_minor[at.place] - o.member_recovered_minor[at.place] AS payable_minor
  FROM settlement_outcome o
  JOIN microenterprises_membership m ON m.microenterprise_id = o.microenterprise_id
 CROSS JOIN LATERAL (SELECT array_position(o.member_numbers, m.number) AS place) at
 WHERE at.place IS NOT NULL;

-- What a person's statement is printed from. A view, so that there is one order and one sign for pages, API and exports.
CREATE VIEW settlement_statementline AS
SELECT l.id, l.person_id, l.microenterprise_id, l.share_terms_id, l.outcome_id, l.night,
       (CASE WHEN l.night = l.business_date THEN 4 ELSE 1 END)::smallint AS position,
       l.business_date, 'share'::varchar AS kind, l.currency, l.weight, l.weights_sum, 0::smallint AS days,
       l.amount_minor, l.recovered_minor, l.payable_minor
  FROM settlement_shareline l
 WHERE l.weight > 0
UNION ALL
SELECT p.id, p.person_id, p.microenterprise_id, NULL::uuid, NULL::uuid, p.night,
       (CASE WHEN p.kind = 'forgiven' THEN 3 WHEN p.night = p.business_date THEN 2 ELSE 0 END)::smallint,
       p.business_date, p.kind, p.currency, 0::bigint, 0::bigint, p.days::smallint,
       p.amount_minor, 0::bigint, CASE WHEN p.kind = 'forgiven' THEN 0 ELSE p.amount_minor END
  FROM settlement_payline p;
