-- What a person's statement is printed from. A view, so that there is one order and one sign for pages, API and exports.
CREATE VIEW settlement_statementline AS
SELECT l.id, l.person_id, o.microenterprise_id, o.share_terms_id, l.outcome_id, l.night,
       (CASE WHEN l.night = l.business_date THEN 4 ELSE 1 END)::smallint AS position,
       l.business_date, 'share'::varchar AS kind, l.currency, l.weight, l.weights_sum, 0::smallint AS days,
       l.amount_minor, l.recovered_minor, l.payable_minor
  FROM settlement_shareline l
  JOIN settlement_outcome o ON o.id = l.outcome_id
 WHERE l.weight > 0
UNION ALL
SELECT p.id, p.person_id, p.microenterprise_id, NULL::uuid, NULL::uuid, p.night,
       (CASE WHEN p.kind = 'forgiven' THEN 3 WHEN p.night = p.business_date THEN 2 ELSE 0 END)::smallint,
       p.business_date, p.kind, p.currency, 0::bigint, 0::bigint, p.days::smallint,
       p.amount_minor, 0::bigint, CASE WHEN p.kind = 'forgiven' THEN 0 ELSE p.amount_minor END
  FROM settlement_payline p;
