-- What a night posts is one row for each entry, its lines side by side in arrays: a night of 84,000 lines is 4,000 rows,
-- with the same guards, proofs and hashes. What a day posts stays a row for each line. `ledger_posting` reads both, line
-- by line; nothing is written through it.

ALTER TABLE ledger_posting RENAME TO ledger_posting_before;
ALTER TABLE ledger_posting_night RENAME TO ledger_posting_night_before;
DROP FUNCTION ledger_refuse_entry(bigint, ledger_posting_before[]);
DROP FUNCTION ledger_merge_nights(date);
DROP FUNCTION ledger_index_night(date);

-- One entity: an entry of a night is about one microenterprise. Line n is the n-th of both arrays.
CREATE TABLE ledger_nightlines (
    entry_id bigint NOT NULL,
    entity_id bigint NOT NULL,
    business_date date NOT NULL,
    account_ids bigint[] NOT NULL,
    amounts_minor bigint[] NOT NULL,
    PRIMARY KEY (business_date, entry_id)
) PARTITION BY RANGE (business_date);
CREATE INDEX ledger_nightlines_entity ON ledger_nightlines (entity_id, business_date, entry_id);
-- Lines of a large ME are read whole; squeezing whole numbers takes longer than storing them.
ALTER TABLE ledger_nightlines ALTER account_ids SET STORAGE EXTERNAL, ALTER amounts_minor SET STORAGE EXTERNAL;

ALTER TABLE ledger_posting_before DETACH PARTITION ledger_posting_day;
ALTER TABLE ledger_posting_day DROP COLUMN by_night;
CREATE VIEW ledger_posting AS
    SELECT entry_id, account_id, entity_id, amount_minor, business_date, line, false AS by_night FROM ledger_posting_day
     UNION ALL
    SELECT n.entry_id, l.account_id, n.entity_id, l.amount_minor, n.business_date, l.line::integer, true
      FROM ledger_nightlines n
     CROSS JOIN LATERAL unnest(n.account_ids, n.amounts_minor) WITH ORDINALITY AS l (account_id, amount_minor, line);
-- PostgreSQL refuses to write through it anyway; this says so to whoever grants rights.
CREATE TRIGGER lines_are_written_with_their_entry BEFORE INSERT OR UPDATE OR DELETE ON ledger_posting
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Lines of entries');

-- Guards -------------------------------------------------------------------------------------------------------------
-- Says why the lines of an entry are refused; called with the lines of one that is.
CREATE FUNCTION ledger_refuse_entry(entry bigint, lines ledger_posting[]) RETURNS void LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    foreign_line int;
    unbalanced bigint;
BEGIN
    SELECT min(l.line) INTO foreign_line
      FROM unnest(lines) l
      JOIN ledger_entry h ON h.id = l.entry_id
      LEFT JOIN ledger_account a ON a.id = l.account_id AND a.entity_id = l.entity_id AND a.book = h.book
     WHERE a.id IS NULL;
    IF foreign_line IS NOT NULL THEN
        RAISE EXCEPTION 'line % of entry % names an account of another entity or book', foreign_line, entry
            USING ERRCODE = '23H03', TABLE = 'ledger_posting';
    END IF;
    SELECT min(entity_id) INTO unbalanced
      FROM (SELECT l.entity_id FROM unnest(lines) l GROUP BY 1 HAVING sum(l.amount_minor) <> 0) e;
    IF unbalanced IS NOT NULL THEN
        RAISE EXCEPTION 'entry % does not balance for entity %', entry, unbalanced
            USING ERRCODE = '23H01', DETAIL = unbalanced::text, TABLE = 'ledger_posting';
    END IF;
    IF EXISTS (SELECT FROM unnest(lines) l WHERE l.amount_minor = 0) THEN
        RAISE EXCEPTION 'a line of entry % moves nothing', entry  -- as the check of a day's lines says it
            USING ERRCODE = '23514', CONSTRAINT = 'a_line_moves_something', TABLE = 'ledger_posting';
    END IF;
    RAISE EXCEPTION 'the lines of entry % are not those its head names', entry
        USING ERRCODE = '23H02', TABLE = 'ledger_posting';
END
$$;

-- A day's lines: several entities in an entry, a row for each line. EXECUTE plans each time for the size at hand; no
-- search has a LIMIT, which makes the planner look accounts up one by one.
CREATE OR REPLACE FUNCTION ledger_guard_postings() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp SET work_mem = '64MB' SET random_page_cost = 1.1 AS $$
DECLARE
    wrong bigint;
    guarded bigint[];
    deltas bigint[];
BEGIN
    -- Every entry arrives whole: lines 1..n and the debit total its head names, balanced for each entity, in accounts
    -- of that entity and of the entry's book. An entity has one currency, so the balance holds per currency too.
    -- Lines for an old entry repeat numbers that a unique index has.
    -- Accounts are looked up once, by their owners: those of an entity stand side by side in an index that has all of them.
    EXECUTE $sql$
        WITH lines AS MATERIALIZED (
             SELECT n.entry_id, n.account_id, n.entity_id, n.amount_minor, n.business_date, n.line,
                    a.book, ledger_guarded_side(a.kind) AS side
               FROM new_postings n
               LEFT JOIN (SELECT id, entity_id, book, kind FROM ledger_account
                           WHERE entity_id = ANY (ARRAY(SELECT DISTINCT entity_id FROM new_postings))) a
                    ON a.id = n.account_id AND a.entity_id = n.entity_id),
        entries AS (
             SELECT entry_id, business_date, sum(lines) AS lines, min(first_line) AS first_line,
                    max(last_line) AS last_line, sum(debit) AS debit, bool_and(total = 0) AS balanced,
                    sum(owned) AS owned, sum(in_real) AS in_real
               FROM (SELECT entry_id, business_date, entity_id, count(*) AS lines,
                            min(line) AS first_line, max(line) AS last_line, sum(amount_minor) AS total,
                            sum(greatest(amount_minor, 0)) AS debit, count(book) AS owned,
                            count(*) FILTER (WHERE book = 'real') AS in_real
                       FROM lines GROUP BY entry_id, business_date, entity_id) per_entity
              GROUP BY entry_id, business_date),
        wrong AS (
             SELECT t.entry_id
               FROM entries t
               LEFT JOIN ledger_entry h ON h.id = t.entry_id AND h.business_date = t.business_date
                     AND NOT h.by_night AND h.posting_count = t.lines AND h.debit_total_minor = t.debit
              WHERE h.id IS NULL OR t.first_line <> 1 OR t.last_line <> t.lines OR NOT t.balanced
                 OR t.owned <> t.lines OR t.in_real <> CASE h.book WHEN 'real' THEN t.lines ELSE 0 END),
        changed AS (
             SELECT account_id, (sum(amount_minor) * min(side))::bigint AS delta
               FROM lines WHERE side IS NOT NULL GROUP BY account_id HAVING sum(amount_minor) <> 0)
        SELECT (SELECT min(entry_id) FROM wrong), array_agg(account_id ORDER BY account_id),
               array_agg(delta ORDER BY account_id) FROM changed
    $sql$ INTO wrong, guarded, deltas;
    IF wrong IS NOT NULL THEN
        PERFORM ledger_refuse_entry(wrong, array_agg(
            (n.entry_id, n.account_id, n.entity_id, n.amount_minor, n.business_date, n.line, false)::ledger_posting))
           FROM new_postings n WHERE n.entry_id = wrong;
    END IF;
    IF guarded IS NOT NULL THEN
        PERFORM ledger_move_balances(guarded, deltas);
    END IF;
    RETURN NULL;
END
$$;

-- A night's lines, the same demands, entry by entry: adding up two short arrays, and finding their accounts among those
-- of one entity, takes a third of the time of a join over all lines. An account may stand in two lines of an entry; then
-- accounts are counted and added up in the slower way. A missing element or entry makes a comparison unknown, not true.
-- Only plain lists from 1 on are taken: in an array of another shape the place of an account is not that of its amount.
CREATE FUNCTION ledger_guard_nightlines() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp SET work_mem = '64MB' SET random_page_cost = 1.1 AS $$
DECLARE
    wrong bigint;
    guarded bigint[];
    deltas bigint[];
BEGIN
    EXECUTE $sql$
        WITH entries AS MATERIALIZED (
             SELECT n.entry_id, n.account_ids, n.amounts_minor, o.guarded, o.sides, o.owned = l.lines AS once,
                    l.total = 0 AND l.moving = l.lines AND h.posting_count = l.lines AND h.debit_total_minor = l.debit
                    AND l.named = l.lines AND array_ndims(n.account_ids) = 1 AND array_ndims(n.amounts_minor) = 1
                    AND array_lower(n.account_ids, 1) = 1 AND array_lower(n.amounts_minor, 1) = 1
                    AND (o.owned = l.lines
                         OR o.owned = (SELECT count(DISTINCT id) FROM unnest(n.account_ids) AS id)) AS sound
               FROM new_lines n
               LEFT JOIN ledger_entry h ON h.id = n.entry_id AND h.business_date = n.business_date AND h.by_night
              CROSS JOIN LATERAL (
                    SELECT count(*) AS lines, count(account_id) AS named, count(nullif(minor, 0)) AS moving,
                           sum(minor) AS total, sum(greatest(minor, 0)) AS debit
                      FROM unnest(n.account_ids, n.amounts_minor) AS l (account_id, minor)) l
              CROSS JOIN LATERAL (
                    SELECT count(*) FILTER (WHERE a.book = h.book) AS owned,
                           array_agg(a.id) FILTER (WHERE a.side IS NOT NULL) AS guarded,
                           array_agg(a.side) FILTER (WHERE a.side IS NOT NULL) AS sides
                      FROM (SELECT id, book, ledger_guarded_side(kind) AS side FROM ledger_account
                             WHERE entity_id = n.entity_id AND id = ANY (n.account_ids) OFFSET 0) a) o),
        changed AS (
             SELECT g.id, sum(g.side * CASE WHEN e.once THEN e.amounts_minor[array_position(e.account_ids, g.id)] ELSE (
                        SELECT sum(l.minor) FROM unnest(e.account_ids, e.amounts_minor) AS l (id, minor)
                         WHERE l.id = g.id) END)::bigint AS delta
               FROM entries e CROSS JOIN LATERAL unnest(e.guarded, e.sides) AS g (id, side)
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

-- A statement trigger fires for the table that the statement names: the whole and every part of it have theirs.
CREATE OR REPLACE FUNCTION ledger_guard_part(part regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF part::text LIKE 'ledger_nightlines%' THEN
        EXECUTE format('CREATE TRIGGER entries_arrive_whole_and_balanced AFTER INSERT ON %s
            REFERENCING NEW TABLE AS new_lines FOR EACH STATEMENT EXECUTE FUNCTION ledger_guard_nightlines()', part);
    ELSE
        EXECUTE format('CREATE TRIGGER entries_arrive_whole_and_balanced AFTER INSERT ON %s
            REFERENCING NEW TABLE AS new_postings FOR EACH STATEMENT EXECUTE FUNCTION ledger_guard_postings()', part);
    END IF;
    EXECUTE format('CREATE TRIGGER lines_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change(%L)', part, 'Lines of entries');
END
$$;
SELECT ledger_guard_part('ledger_nightlines');

-- Parts: a month of either. Made beside the whole and attached then, which disturbs no reader.
DROP FUNCTION ledger_index_part(text);
CREATE OR REPLACE FUNCTION ledger_open_part(part text, whole text, since date, until date) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF to_regclass(part) IS NOT NULL THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(2026112102);
    -- Asked of the table, not of to_regclass: its cache does not know yet what was made while we waited.
    IF EXISTS (SELECT FROM pg_class WHERE relname = part AND relnamespace = 'public'::regnamespace) THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING CONSTRAINTS INCLUDING INDEXES INCLUDING STORAGE)', part, whole);
    PERFORM ledger_guard_part(part::regclass);
    IF whole = 'ledger_posting_day' THEN
        EXECUTE format('CREATE INDEX %I ON %I (account_id, business_date, entry_id, line) INCLUDE (amount_minor)',
                       part || '_account', part);
        EXECUTE format('CREATE UNIQUE INDEX %I ON %I (entry_id, line)', part || '_line', part);
    END IF;
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', whole, part, since, until);
    RETURN true;
END
$$;
CREATE OR REPLACE FUNCTION ledger_open_night(day date) RETURNS boolean LANGUAGE sql
    SET search_path = public, pg_temp AS $$
    SELECT ledger_open_part('ledger_nightlines_' || to_char(day, 'YYYYMM'), 'ledger_nightlines',
                            date_trunc('month', day)::date, (date_trunc('month', day) + interval '1 month')::date)
$$;

CREATE OR REPLACE FUNCTION ledger_guard_awaited() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp SET random_page_cost = 1.1 AS $$
DECLARE
    bare bigint;
BEGIN
    -- The date stands in the text, so that only one part is planned and searched; EXCEPT is linear whatever is planned.
    EXECUTE format('SELECT min(id) FROM (SELECT unnest($1) AS id EXCEPT SELECT entry_id FROM %s
         WHERE business_date = %L AND entry_id = ANY ($1)) missing',
        CASE WHEN NEW.by_night THEN 'ledger_nightlines' ELSE 'ledger_posting_day' END, NEW.business_date)
        INTO bare USING NEW.entries;
    IF bare IS NOT NULL THEN
        RAISE EXCEPTION 'entry % has no lines', (SELECT reference FROM ledger_entry WHERE id = bare)
            USING ERRCODE = '23H06', TABLE = 'ledger_entry';
    END IF;
    DELETE FROM ledger_awaited WHERE id = NEW.id;
    RETURN NULL;
END
$$;

-- The nights there are -------------------------------------------------------------------------------------------------
SELECT ledger_open_night(month) FROM (
    SELECT DISTINCT date_trunc('month', business_date)::date AS month FROM ledger_posting_night_before) months;
ALTER TABLE ledger_nightlines DISABLE TRIGGER USER;
INSERT INTO ledger_nightlines (entry_id, entity_id, business_date, account_ids, amounts_minor)
SELECT entry_id, entity_id, business_date, array_agg(account_id ORDER BY line), array_agg(amount_minor ORDER BY line)
  FROM ledger_posting_night_before GROUP BY entry_id, entity_id, business_date ORDER BY business_date, entry_id;
ALTER TABLE ledger_nightlines ENABLE TRIGGER USER;
DROP TABLE ledger_posting_before CASCADE;
ANALYZE ledger_nightlines;
