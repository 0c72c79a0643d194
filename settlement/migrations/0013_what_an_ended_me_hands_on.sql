-- What an ME that ended owes a person out of its stakes and its rest is paid like every other money: it stands on their
-- statement, and the run of the date on which it was posted releases it.
CREATE TRIGGER handed_on_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_handedon
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('What was handed on');

CREATE OR REPLACE VIEW settlement_statementline AS
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
  FROM settlement_payline p
UNION ALL
SELECT h.id, h.person_id, h.microenterprise_id, NULL::uuid, NULL::uuid, h.night, 5::smallint,
       h.night, 'handed_on'::varchar, h.currency, 0::bigint, 0::bigint, 0::smallint,
       h.amount_minor, 0::bigint, h.amount_minor
  FROM settlement_handedon h;

-- What was handed on before there was this table; of nights that are released already, it is released with it.
WITH handed AS (
    INSERT INTO settlement_handedon
           (id, microenterprise_id, person_id, night, currency, stake_minor, amount_minor, entry_reference)
    SELECT gen_random_uuid(), m.id, u.id, e.business_date, m.currency,
           coalesce(sum(p.amount_minor) FILTER (WHERE a.kind = 'stake'), 0)::bigint,
           (-sum(p.amount_minor) FILTER (WHERE a.kind = 'payable'))::bigint, e.reference
      FROM microenterprises_microenterprise m
      JOIN ledger_entry e ON e.reference = 'microenterprise:' || m.id || ':handed-on'
      JOIN ledger_posting p ON p.business_date = e.business_date AND p.entry_id = e.id
      JOIN ledger_account a ON a.id = p.account_id AND a.entity_id = m.entity_id
      JOIN people_user u ON a.party = 'person:' || u.id
     WHERE a.kind IN ('stake', 'payable')
     GROUP BY m.id, u.id, e.business_date, m.currency, e.reference
    HAVING sum(p.amount_minor) FILTER (WHERE a.kind = 'payable') < 0
    RETURNING person_id, microenterprise_id, currency, night, amount_minor)
INSERT INTO settlement_owed (person_id, microenterprise_id, currency, released_minor, taken_minor)
SELECT h.person_id, h.microenterprise_id, h.currency, h.amount_minor, 0
  FROM handed h JOIN settlement_runrelease r ON r.night = h.night
ON CONFLICT (person_id, microenterprise_id)
DO UPDATE SET released_minor = settlement_owed.released_minor + excluded.released_minor;
