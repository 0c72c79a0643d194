-- Lines move into partitions: what a day posts by month, what a night posts by night. A month and a night are tables of
-- their own with the guards of the whole, so that a statement which names them directly meets the same refusals.
-- A night has the index that readers need from the start; the key of its lines is made when it is sealed, and until then
-- a small one keeps each entry from arriving twice.

ALTER TABLE ledger_entry ADD COLUMN by_night boolean NOT NULL DEFAULT false;
ALTER TABLE ledger_entry ALTER COLUMN by_night DROP DEFAULT;
ALTER TABLE ledger_businessday ADD COLUMN accounts_through bigint;

-- Entries are hashed with the numbers of their accounts; an account therefore carries a hash of its own.
ALTER TABLE ledger_account ADD COLUMN content_hash varchar(64);
CREATE FUNCTION ledger_account_hash(entity bigint, book text, kind text, party text, currency text)
RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(concat_ws(',', entity, book, kind, char_length(party) || ':' || party, currency),
                                    'UTF8')), 'hex')
$$;
ALTER TABLE ledger_account DISABLE TRIGGER accounts_are_append_only;
UPDATE ledger_account SET content_hash = ledger_account_hash(entity_id, book, kind, party, currency);
ALTER TABLE ledger_account ENABLE TRIGGER accounts_are_append_only;
ALTER TABLE ledger_account ALTER COLUMN content_hash SET NOT NULL;

CREATE FUNCTION ledger_hash_account() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    NEW.content_hash := ledger_account_hash(NEW.entity_id, NEW.book, NEW.kind, NEW.party, NEW.currency);
    RETURN NEW;
END
$$;
CREATE INDEX ledger_account_owner ON ledger_account (entity_id, id) INCLUDE (book, kind);
CREATE TRIGGER accounts_are_hashed BEFORE INSERT ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION ledger_hash_account();

-- The table ----------------------------------------------------------------------------------------------------------
DROP TRIGGER entries_arrive_whole_and_balanced ON ledger_posting;
DROP TRIGGER lines_are_append_only ON ledger_posting;
DROP FUNCTION ledger_refuse_entry(bigint, ledger_posting[]);
ALTER TABLE ledger_posting RENAME TO ledger_posting_before;
ALTER INDEX ledger_posting_account RENAME TO ledger_posting_before_account;

-- Widest columns first: a line of 84,000 a night carries no padding.
CREATE TABLE ledger_posting (
    entry_id bigint NOT NULL,
    account_id bigint NOT NULL,
    entity_id bigint NOT NULL,
    amount_minor bigint NOT NULL CONSTRAINT a_line_moves_something CHECK (amount_minor <> 0),
    business_date date NOT NULL,
    line integer NOT NULL,
    by_night boolean NOT NULL
) PARTITION BY LIST (by_night);
CREATE TABLE ledger_posting_day PARTITION OF ledger_posting FOR VALUES IN (false) PARTITION BY RANGE (business_date);
-- What a date moved is asked for once a night, of the whole company.
CREATE INDEX ledger_posting_day_date ON ledger_posting_day (business_date);
CREATE TABLE ledger_posting_night PARTITION OF ledger_posting FOR VALUES IN (true) PARTITION BY RANGE (business_date);

CREATE FUNCTION ledger_refuse_entry(entry bigint, lines ledger_posting[]) RETURNS void LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    foreign_line int;
    unbalanced bigint;
BEGIN
    SELECT min(l.line) INTO foreign_line
      FROM unnest(lines) l
      JOIN public.ledger_entry h ON h.id = l.entry_id
      LEFT JOIN public.ledger_account a ON a.id = l.account_id AND a.entity_id = l.entity_id AND a.book = h.book
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
    RAISE EXCEPTION 'the lines of entry % are not those its head names', entry
        USING ERRCODE = '23H02', TABLE = 'ledger_posting';
END
$$;

-- Moves kept balances, in the order of their accounts: without other ways to join, the rows are locked as they are listed,
-- and crossing transfers wait instead of deadlocking. The check of the table says no; the sentence is found afterwards.
CREATE FUNCTION ledger_move_balances(guarded bigint[], deltas bigint[]) RETURNS void LANGUAGE plpgsql
    SET search_path = public, pg_temp SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    short record;
BEGIN
    UPDATE ledger_balance b SET amount_minor = b.amount_minor + d.delta
      FROM unnest(guarded, deltas) AS d (account_id, delta) WHERE b.account_id = d.account_id;
EXCEPTION WHEN check_violation THEN
    SELECT a.entity_id, a.kind, a.currency, b.amount_minor AS available, -(b.amount_minor + d.delta) AS missing
      INTO short
      FROM unnest(guarded, deltas) AS d (account_id, delta)
      JOIN ledger_balance b USING (account_id)
      JOIN ledger_account a ON a.id = b.account_id
     WHERE b.amount_minor + d.delta < 0
     ORDER BY b.account_id LIMIT 1;
    IF NOT FOUND THEN
        RAISE;
    END IF;
    RAISE EXCEPTION 'the % of entity % has % and would need % more',
        short.kind, short.entity_id, short.available, short.missing
        USING ERRCODE = '23H04', DETAIL = concat_ws(' ', short.entity_id, short.kind, short.currency,
                                                    short.available, short.missing),
              TABLE = 'ledger_balance', CONSTRAINT = 'a_guarded_account_never_goes_below_zero';
END
$$;

-- EXECUTE plans each time for the size at hand; a cached plan made for two lines would serve 84,000 of them. For the
-- same reason no search has a LIMIT: it makes the planner look accounts up one by one.
CREATE OR REPLACE FUNCTION ledger_guard_postings() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp SET work_mem = '64MB' SET random_page_cost = 1.1 AS $$
DECLARE
    wrong bigint;
    guarded bigint[];
    deltas bigint[];
BEGIN
    -- Every entry arrives whole: lines 1..n and the debit total its head names, balanced for each entity, in accounts
    -- of that entity and of the entry's book. An entity has one currency, so the balance holds per currency too.
    -- Lines for an old entry repeat numbers that a unique index has: all of them in a day, the first in an open night.
    -- Accounts are looked up once, by their owners: those of an entity stand side by side in an index that has all of them.
    EXECUTE $sql$
        WITH lines AS MATERIALIZED (
             SELECT n.entry_id, n.account_id, n.entity_id, n.amount_minor, n.business_date, n.line, n.by_night,
                    a.book, ledger_guarded_side(a.kind) AS side
               FROM new_postings n
               LEFT JOIN (SELECT id, entity_id, book, kind FROM ledger_account
                           WHERE entity_id = ANY (ARRAY(SELECT DISTINCT entity_id FROM new_postings))) a
                    ON a.id = n.account_id AND a.entity_id = n.entity_id),
        entries AS (
             SELECT entry_id, business_date, by_night, sum(lines) AS lines, min(first_line) AS first_line,
                    max(last_line) AS last_line, sum(debit) AS debit, bool_and(total = 0) AS balanced,
                    sum(owned) AS owned, sum(in_real) AS in_real
               FROM (SELECT entry_id, business_date, by_night, entity_id, count(*) AS lines,
                            min(line) AS first_line, max(line) AS last_line, sum(amount_minor) AS total,
                            sum(greatest(amount_minor, 0)) AS debit, count(book) AS owned,
                            count(*) FILTER (WHERE book = 'real') AS in_real
                       FROM lines GROUP BY entry_id, business_date, by_night, entity_id) per_entity
              GROUP BY entry_id, business_date, by_night),
        wrong AS (
             SELECT t.entry_id
               FROM entries t
               LEFT JOIN ledger_entry h ON h.id = t.entry_id AND h.business_date = t.business_date
                     AND h.by_night = t.by_night AND h.posting_count = t.lines AND h.debit_total_minor = t.debit
              WHERE h.id IS NULL OR t.first_line <> 1 OR t.last_line <> t.lines OR NOT t.balanced
                 OR t.owned <> t.lines OR t.in_real <> CASE h.book WHEN 'real' THEN t.lines ELSE 0 END),
        changed AS (
             SELECT account_id, (sum(amount_minor) * min(side))::bigint AS delta
               FROM lines WHERE side IS NOT NULL GROUP BY account_id HAVING sum(amount_minor) <> 0)
        SELECT (SELECT min(entry_id) FROM wrong), array_agg(account_id ORDER BY account_id), array_agg(delta ORDER BY account_id) FROM changed
    $sql$ INTO wrong, guarded, deltas;
    IF wrong IS NOT NULL THEN
        PERFORM ledger_refuse_entry(wrong, array_agg(
            (n.entry_id, n.account_id, n.entity_id, n.amount_minor, n.business_date, n.line, n.by_night)::ledger_posting))
           FROM new_postings n WHERE n.entry_id = wrong;
    END IF;
    IF guarded IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM ledger_move_balances(guarded, deltas);
    RETURN NULL;
END
$$;

-- A statement trigger fires for the table that the statement names: the whole and every part of it have theirs.
CREATE FUNCTION ledger_guard_part(part regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER entries_arrive_whole_and_balanced AFTER INSERT ON %s
        REFERENCING NEW TABLE AS new_postings FOR EACH STATEMENT EXECUTE FUNCTION ledger_guard_postings()', part);
    EXECUTE format('CREATE TRIGGER lines_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change(%L)', part, 'Lines of entries');
END
$$;
SELECT ledger_guard_part('ledger_posting');
SELECT ledger_guard_part('ledger_posting_day');
SELECT ledger_guard_part('ledger_posting_night');

-- Parts --------------------------------------------------------------------------------------------------------------
-- Made beside the whole and attached then, which disturbs no reader. Runs with the rights of the tables' owner, so that
-- whoever posts needs none of them.
CREATE FUNCTION ledger_open_part(part text, whole text, since date, until date) RETURNS boolean
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
    EXECUTE format('CREATE TABLE %I (LIKE ledger_posting INCLUDING CONSTRAINTS)', part);
    PERFORM ledger_guard_part(part::regclass);
    EXECUTE format('CREATE INDEX %I ON %I (account_id, business_date, entry_id, line) INCLUDE (amount_minor)',
                   part || '_account', part);
    IF whole = 'ledger_posting_day' THEN
        PERFORM ledger_index_part(part);
    ELSE
        EXECUTE format('CREATE UNIQUE INDEX %I ON %I (entry_id) WHERE line = 1', part || '_once', part);
    END IF;
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', whole, part, since, until);
    RETURN true;
END
$$;

CREATE FUNCTION ledger_index_part(part text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp SET maintenance_work_mem = '128MB' SET default_statistics_target = 10 AS $$
BEGIN
    IF to_regclass(part || '_line') IS NULL THEN
        EXECUTE format('CREATE UNIQUE INDEX %I ON %I (entry_id, line)', part || '_line', part);
        EXECUTE format('DROP INDEX IF EXISTS %I', part || '_once');
        EXECUTE format('ANALYZE %I', part);
    END IF;
END
$$;

CREATE FUNCTION ledger_open_month(day date) RETURNS boolean LANGUAGE sql SET search_path = public, pg_temp AS $$
    SELECT ledger_open_part('ledger_posting_day_' || to_char(day, 'YYYYMM'), 'ledger_posting_day',
                            date_trunc('month', day)::date, (date_trunc('month', day) + interval '1 month')::date)
$$;
CREATE FUNCTION ledger_open_night(day date) RETURNS boolean LANGUAGE sql SET search_path = public, pg_temp AS $$
    SELECT ledger_open_part('ledger_posting_night_' || to_char(day, 'YYYYMMDD'), 'ledger_posting_night', day, day + 1)
$$;
CREATE FUNCTION ledger_index_night(day date) RETURNS void LANGUAGE sql SET search_path = public, pg_temp AS $$
    SELECT ledger_index_part('ledger_posting_night_' || to_char(day, 'YYYYMMDD'))
     WHERE to_regclass('ledger_posting_night_' || to_char(day, 'YYYYMMDD')) IS NOT NULL
$$;

SELECT ledger_open_month(months.first) FROM (
    SELECT DISTINCT date_trunc('month', business_date)::date AS first FROM ledger_posting_before
    UNION SELECT (date_trunc('month', now()) + n * interval '1 month')::date FROM generate_series(-1, 1) n) months;
ALTER TABLE ledger_posting DISABLE TRIGGER USER;
INSERT INTO ledger_posting (entry_id, account_id, entity_id, amount_minor, business_date, line, by_night)
SELECT entry_id, account_id, entity_id, amount_minor, business_date, line, false
  FROM ledger_posting_before ORDER BY business_date, entry_id, line;
ALTER TABLE ledger_posting ENABLE TRIGGER USER;
DROP TABLE ledger_posting_before;

-- Heads --------------------------------------------------------------------------------------------------------------
CREATE OR REPLACE FUNCTION ledger_guard_entries() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    closed_through date;
    sealed_through date;
    tomorrow date;
    late record;
    part record;
BEGIN
    PERFORM ledger_hold_date();
    -- Read in the statement after the lock: only this one sees what the lock waited for.
    SELECT coalesce(max(date), '-infinity'), coalesce(max(date) FILTER (WHERE sealed_at IS NOT NULL), '-infinity'),
           (market_now() AT TIME ZONE 'UTC')::date + 1  -- no zone on earth is further ahead
      INTO closed_through, sealed_through, tomorrow
      FROM ledger_businessday;
    SELECT reference, business_date, business_date <= sealed_through AS sealed, business_date > tomorrow AS ahead
      INTO late
      FROM new_entries e
     WHERE business_date > tomorrow
        OR business_date <= sealed_through
        OR by_night <> (business_date <= closed_through)
        OR (by_night AND NOT (
                kind IN ('pay', 'draw', 'share')
                AND EXISTS (SELECT FROM ledger_businessday d WHERE d.date = e.business_date)))
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % is dated %: that date is %', late.reference, late.business_date,
            CASE WHEN late.ahead THEN 'still to come' WHEN late.sealed THEN 'sealed' ELSE 'closed' END
            USING ERRCODE = '23H05', DETAIL = late.business_date::text, TABLE = 'ledger_entry';
    END IF;
    -- The lines need a place to go to, and somebody who sees to it that they come (at commit, below).
    FOR part IN SELECT business_date, by_night, array_agg(id) AS entries FROM new_entries GROUP BY 1, 2 LOOP
        IF part.by_night THEN
            PERFORM ledger_open_night(part.business_date);
        ELSE
            PERFORM ledger_open_month(part.business_date);
        END IF;
        INSERT INTO ledger_awaited (business_date, by_night, entries)
        VALUES (part.business_date, part.by_night, part.entries);
    END LOOP;
    RETURN NULL;
END
$$;

-- One row for each INSERT of heads, gone at commit: a deferred trigger per entry would cost more than its lines do.
DROP TRIGGER an_entry_has_lines ON ledger_entry;
DROP FUNCTION ledger_guard_entry_has_lines();
CREATE TABLE ledger_awaited (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    business_date date NOT NULL,
    by_night boolean NOT NULL,
    entries bigint[] NOT NULL
);

CREATE FUNCTION ledger_guard_awaited() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp SET random_page_cost = 1.1 AS $$
DECLARE
    bare bigint;
BEGIN
    -- The date stands in the text, so that only one part is planned and searched; EXCEPT is linear whatever is planned.
    EXECUTE format('SELECT min(id) FROM (SELECT unnest($1) AS id EXCEPT SELECT p.entry_id FROM ledger_posting p
         WHERE p.business_date = %L AND p.by_night = %L AND p.line = 1 AND p.entry_id = ANY ($1)) missing',
        NEW.business_date, NEW.by_night) INTO bare USING NEW.entries;
    IF bare IS NOT NULL THEN
        RAISE EXCEPTION 'entry % has no lines', (SELECT reference FROM ledger_entry WHERE id = bare)
            USING ERRCODE = '23H06', TABLE = 'ledger_entry';
    END IF;
    DELETE FROM ledger_awaited WHERE id = NEW.id;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER an_entry_has_lines AFTER INSERT ON ledger_awaited
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_guard_awaited();
