-- What the database refuses by itself, through the ORM and through plain SQL alike. Refusals have error codes of class
-- 23 (integrity) so that every driver reports them as integrity errors; ledger.refusals turns them into sentences:
--   23H01 unbalanced   23H02 head and lines differ   23H03 account of another entity or book   23H04 below zero
--   23H05 date closed or sealed   23H06 entry without lines   23H07 changed by hand
-- Guards look at whole statements (transition tables): a row trigger per line costs ten times as much.

-- Dates -------------------------------------------------------------------------------------------------------------
-- Whoever posts holds the date; closing and sealing hold it alone and therefore wait for every open posting.
CREATE FUNCTION ledger_hold_date() RETURNS void LANGUAGE sql AS $$ SELECT pg_advisory_xact_lock_shared(2026112101) $$;
CREATE FUNCTION ledger_hold_date_alone() RETURNS void LANGUAGE sql AS $$ SELECT pg_advisory_xact_lock(2026112101) $$;

CREATE FUNCTION ledger_guard_entries() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    closed_through date;
    sealed_through date;
    tomorrow date;
    late record;
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
        OR (business_date <= closed_through AND NOT (
                kind IN ('pay', 'draw', 'share')
                AND EXISTS (SELECT FROM ledger_businessday d WHERE d.date = e.business_date)))
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % is dated %: that date is %', late.reference, late.business_date,
            CASE WHEN late.ahead THEN 'still to come' WHEN late.sealed THEN 'sealed' ELSE 'closed' END
            USING ERRCODE = '23H05', DETAIL = late.business_date::text, TABLE = 'ledger_entry';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER entries_land_on_an_open_date AFTER INSERT ON ledger_entry
    REFERENCING NEW TABLE AS new_entries FOR EACH STATEMENT EXECUTE FUNCTION ledger_guard_entries();

CREATE FUNCTION ledger_guard_business_days() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.sealed_at IS NOT NULL OR NEW.date > (market_now() AT TIME ZONE 'UTC')::date + 1
            OR EXISTS (SELECT FROM ledger_businessday d WHERE d.date >= NEW.date AND d.sealed_at IS NOT NULL) THEN
            RAISE EXCEPTION 'date % cannot be closed', NEW.date USING ERRCODE = '23H07', TABLE = TG_TABLE_NAME;
        END IF;
    ELSIF OLD.sealed_at IS NOT NULL OR NEW.sealed_at IS NULL
        OR (NEW.date, NEW.closed_at, NEW.closed_by) IS DISTINCT FROM (OLD.date, OLD.closed_at, OLD.closed_by)
        OR EXISTS (SELECT FROM ledger_businessday d WHERE d.date < OLD.date AND d.sealed_at IS NULL)
        OR NEW.previous_hash <> coalesce(
            (SELECT d.day_hash FROM ledger_businessday d WHERE d.date < OLD.date ORDER BY d.date DESC LIMIT 1), '')
    THEN
        RAISE EXCEPTION 'date % is sealed once, after every date before it', OLD.date
            USING ERRCODE = '23H07', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER dates_are_sealed_once_and_in_order BEFORE INSERT OR UPDATE ON ledger_businessday
    FOR EACH ROW EXECUTE FUNCTION ledger_guard_business_days();

-- Entities and accounts ---------------------------------------------------------------------------------------------
ALTER TABLE ledger_account ADD CONSTRAINT an_account_has_its_entitys_currency
    FOREIGN KEY (entity_id, currency) REFERENCES ledger_entity (id, currency);

CREATE FUNCTION ledger_guard_entities() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.currency) IS DISTINCT FROM (OLD.id, OLD.currency) THEN
        RAISE EXCEPTION 'the currency of entity % never changes', OLD.id USING ERRCODE = '23H07', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER entities_keep_their_currency BEFORE UPDATE ON ledger_entity
    FOR EACH ROW EXECUTE FUNCTION ledger_guard_entities();

-- The sign in which a guarded kind grows; NULL for a kind without guard. The same table as ledger.accounts.CHART.
CREATE FUNCTION ledger_guarded_side(kind text) RETURNS smallint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN kind IN ('wallet', 'hold', 'escrow', 'set_aside', 'pledge_escrow', 'pledge_given') THEN 1::smallint
        WHEN kind IN ('in_transit', 'pledges_owed') THEN -1::smallint
    END
$$;

CREATE FUNCTION ledger_keep_balances() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO ledger_balance (account_id, side, amount_minor)
    SELECT id, ledger_guarded_side(kind), 0 FROM new_accounts WHERE ledger_guarded_side(kind) IS NOT NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER guarded_accounts_keep_a_balance AFTER INSERT ON ledger_account
    REFERENCING NEW TABLE AS new_accounts FOR EACH STATEMENT EXECUTE FUNCTION ledger_keep_balances();

CREATE FUNCTION ledger_guard_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Depth 1 is this trigger itself: the change then comes from a person or a program, not from a guard.
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'kept balances follow the lines: % by hand is refused', TG_OP
            USING ERRCODE = '23H07', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER balances_follow_the_lines BEFORE INSERT OR UPDATE ON ledger_balance
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_guard_balances();
ALTER TABLE ledger_balance SET (fillfactor = 50);  -- every night rewrites these rows in place

-- Lines -------------------------------------------------------------------------------------------------------------
-- Says why the lines of an entry are refused; called with the lines of one that is.
CREATE FUNCTION ledger_refuse_entry(entry bigint, lines ledger_posting[]) RETURNS void LANGUAGE plpgsql AS $$
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

-- EXECUTE plans each time for the size at hand; a cached plan made for two lines would serve 84,000 of them. For the
-- same reason no search has a LIMIT: it makes the planner look accounts up one by one.
CREATE FUNCTION ledger_guard_postings() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp SET work_mem = '64MB' AS $$
DECLARE
    wrong bigint;
    short record;
    guarded bigint[];
    deltas bigint[];
BEGIN
    -- Every entry arrives whole: lines 1..n and the debit total its head names, balanced for each entity, in accounts
    -- of that entity and of the entry's book. An entity has one currency, so the balance holds per currency too.
    -- Later lines for an old entry would repeat numbers that the primary key already has.
    EXECUTE $sql$
        SELECT min(t.entry_id)
          FROM (SELECT entry_id, business_date, sum(lines) AS lines, min(first_line) AS first_line,
                       max(last_line) AS last_line, coalesce(sum(debit), 0) AS debit, bool_and(total = 0) AS balanced,
                       bool_and(owned) AS owned, min(first_book) AS first_book, max(last_book) AS last_book
                  FROM (SELECT n.entry_id, n.business_date, n.entity_id, count(*) AS lines, min(n.line) AS first_line,
                               max(n.line) AS last_line, sum(n.amount_minor) AS total,
                               sum(n.amount_minor) FILTER (WHERE n.amount_minor > 0) AS debit,
                               bool_and(a.entity_id IS NOT DISTINCT FROM n.entity_id) AS owned,
                               min(a.book) AS first_book, max(a.book) AS last_book
                          FROM new_postings n LEFT JOIN ledger_account a ON a.id = n.account_id
                         GROUP BY n.entry_id, n.business_date, n.entity_id) per_entity
                 GROUP BY entry_id, business_date) t
          LEFT JOIN ledger_entry h ON h.id = t.entry_id AND h.business_date = t.business_date
                AND h.posting_count = t.lines AND h.debit_total_minor = t.debit
         WHERE h.id IS NULL OR t.first_line <> 1 OR t.last_line <> t.lines OR NOT t.balanced OR NOT t.owned
            OR t.first_book <> h.book OR t.last_book <> h.book
    $sql$ INTO wrong;
    IF wrong IS NOT NULL THEN
        PERFORM ledger_refuse_entry(wrong, array_agg(n::ledger_posting)) FROM new_postings n WHERE n.entry_id = wrong;
    END IF;

    EXECUTE $sql$
        SELECT array_agg(account_id ORDER BY account_id), array_agg(delta ORDER BY account_id)
          FROM (SELECT b.account_id, (sum(n.amount_minor) * b.side)::bigint AS delta
                  FROM new_postings n JOIN ledger_balance b ON b.account_id = n.account_id
                 GROUP BY b.account_id, b.side HAVING sum(n.amount_minor) <> 0) changed
    $sql$ INTO guarded, deltas;
    IF guarded IS NULL THEN
        RETURN NULL;
    END IF;
    -- Lock in one statement and in one order, read in the next: crossing transfers then wait instead of deadlocking.
    PERFORM FROM ledger_balance WHERE account_id = ANY (guarded) ORDER BY account_id FOR NO KEY UPDATE;
    SELECT a.entity_id, a.kind, a.currency, b.amount_minor AS available, -(b.amount_minor + d.delta) AS missing
      INTO short
      FROM unnest(guarded, deltas) AS d (account_id, delta)
      JOIN ledger_balance b USING (account_id)
      JOIN ledger_account a ON a.id = b.account_id
     WHERE b.amount_minor + d.delta < 0
     ORDER BY b.account_id LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the % of entity % has % and would need % more',
            short.kind, short.entity_id, short.available, short.missing
            USING ERRCODE = '23H04', DETAIL = concat_ws(' ', short.entity_id, short.kind, short.currency,
                                                        short.available, short.missing),
                  TABLE = 'ledger_balance', CONSTRAINT = 'a_guarded_account_never_goes_below_zero';
    END IF;
    UPDATE ledger_balance b SET amount_minor = b.amount_minor + d.delta
      FROM unnest(guarded, deltas) AS d (account_id, delta) WHERE b.account_id = d.account_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER entries_arrive_whole_and_balanced AFTER INSERT ON ledger_posting
    REFERENCING NEW TABLE AS new_postings FOR EACH STATEMENT EXECUTE FUNCTION ledger_guard_postings();

-- An entry whose lines never came is found at commit.
CREATE FUNCTION ledger_guard_entry_has_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.ledger_posting p
                    WHERE p.business_date = NEW.business_date AND p.entry_id = NEW.id AND p.line = 1) THEN
        RAISE EXCEPTION 'entry % has no lines', NEW.reference USING ERRCODE = '23H06', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER an_entry_has_lines AFTER INSERT ON ledger_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_guard_entry_has_lines();

-- Nothing is changed or taken away ----------------------------------------------------------------------------------
CREATE TRIGGER entries_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Entries');
CREATE TRIGGER lines_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_posting
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Lines of entries');
CREATE TRIGGER accounts_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_account
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Accounts');
CREATE TRIGGER entities_stay BEFORE DELETE OR TRUNCATE ON ledger_entity
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Entities');
CREATE TRIGGER balances_stay BEFORE DELETE OR TRUNCATE ON ledger_balance
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Kept balances');
CREATE TRIGGER business_days_stay BEFORE DELETE OR TRUNCATE ON ledger_businessday
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Business dates');
