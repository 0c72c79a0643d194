-- Runs sealed before say what they release as later ones do: newly payable, stable pay, draws, and what MEs that ended
-- handed on to people, whose lines count with the others.
WITH handed AS (
    SELECT night, currency, sum(amount_minor)::bigint AS minor FROM settlement_handedon GROUP BY 1, 2),
told AS (
    SELECT r.id, jsonb_object_agg(t.key, t.value || jsonb_build_object(
               'handed_on', coalesce(h.minor, 0),
               'released', (t.value ->> 'payable')::bigint + (t.value ->> 'pay')::bigint
                           + (t.value ->> 'draws')::bigint + coalesce(h.minor, 0))) AS totals
      FROM settlement_settlementrun r
     CROSS JOIN LATERAL jsonb_each(r.totals) t
      LEFT JOIN handed h ON h.night = r.business_date AND h.currency = t.key
     WHERE NOT t.value ? 'released'
     GROUP BY r.id)
UPDATE settlement_settlementrun r
   SET totals = told.totals,
       lines = r.lines + (SELECT count(*) FROM settlement_handedon h WHERE h.night = r.business_date)
  FROM told WHERE told.id = r.id;
