-- The guard of a night's lines asks the same as before with less work for each line: that none moves nothing is asked of
-- the whole list, how many there are is told by the lists, and only the two sums still look at line after line. Lists are
-- unfolded in SELECT, where an element goes straight to whoever adds it up: in FROM all of them are stored first.
CREATE OR REPLACE FUNCTION ledger_guard_nightlines() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp SET work_mem = '64MB' SET random_page_cost = 1.1 AS $$
DECLARE
    wrong bigint;
    guarded bigint[];
    deltas bigint[];
BEGIN
    -- Entry by entry. As many lines as the head names, in both lists, plain ones from 1 on; none that moves nothing; all
    -- together nothing, the debits what the head says; every account is one of the entity and of the entry's book. That
    -- as many different accounts are found as there are lines says so; when an account stands in two lines, the
    -- different ones are counted. A missing element makes a comparison unknown, which is not sound.
    EXECUTE $sql$
        WITH entries AS MATERIALIZED (
             SELECT n.entry_id, n.account_ids, n.amounts_minor, o.guarded, o.sides, o.owned = h.posting_count AS once,
                    l.total = 0 AND 0 <> ALL (n.amounts_minor) AND h.debit_total_minor = l.debit
                    AND h.posting_count = cardinality(n.account_ids) AND h.posting_count = cardinality(n.amounts_minor)
                    AND array_ndims(n.account_ids) = 1 AND array_ndims(n.amounts_minor) = 1
                    AND array_lower(n.account_ids, 1) = 1 AND array_lower(n.amounts_minor, 1) = 1
                    AND (o.owned = h.posting_count
                         OR (array_position(n.account_ids, NULL) IS NULL
                             AND o.owned = (SELECT count(DISTINCT id) FROM unnest(n.account_ids) AS id))) AS sound
               FROM new_lines n
               LEFT JOIN ledger_entry h ON h.id = n.entry_id AND h.business_date = n.business_date AND h.by_night
              CROSS JOIN LATERAL (
                    SELECT sum(minor) AS total, sum(minor) FILTER (WHERE minor > 0) AS debit
                      FROM (SELECT unnest(n.amounts_minor) AS minor) lines) l
              CROSS JOIN LATERAL (
                    SELECT count(*) FILTER (WHERE a.book = h.book) AS owned,
                           array_agg(a.id) FILTER (WHERE a.side IS NOT NULL) AS guarded,
                           array_agg(a.side) FILTER (WHERE a.side IS NOT NULL) AS sides
                      FROM (SELECT id, book, ledger_guarded_side(kind) AS side FROM ledger_account
                             WHERE entity_id = n.entity_id AND id = ANY (n.account_ids) OFFSET 0) a) o),
        changed AS (
             SELECT g.id, sum(g.side * CASE WHEN e.once THEN e.amounts_minor[array_position(e.account_ids, g.id)] ELSE (
                        SELECT sum(l.minor)::bigint FROM unnest(e.account_ids, e.amounts_minor) AS l (id, minor)
                         WHERE l.id = g.id) END)::bigint AS delta
               FROM entries e CROSS JOIN LATERAL (SELECT unnest(e.guarded) AS id, unnest(e.sides) AS side) g
              WHERE e.sound
              GROUP BY 1)
        SELECT (SELECT min(entry_id) FROM entries WHERE sound IS NOT TRUE), array_agg(id ORDER BY id),
               array_agg(delta ORDER BY id)
          FROM changed WHERE delta <> 0
    $sql$ INTO wrong, guarded, deltas;
    IF wrong IS NOT NULL THEN
        PERFORM ledger_refuse_entry(wrong, array_agg(
            (n.entry_id, l.account_id, n.entity_id, l.minor, n.business_date, l.line, true)::ledger_posting))
           FROM new_lines n
          CROSS JOIN LATERAL unnest(n.account_ids, n.amounts_minor) WITH ORDINALITY AS l (account_id, minor, line)
          WHERE n.entry_id = wrong;
    END IF;
    IF guarded IS NOT NULL THEN
        PERFORM ledger_move_balances(guarded, deltas);
    END IF;
    RETURN NULL;
END
$$;
