-- What is open, by currency, counted with every change: finance reads it at any hour, and 80,000 people are not counted
-- then. Whoever moves what is owed or bank details holds one lock until the end (payable.hold): counts never cross.

-- Some people's open money moved, by person and currency: what they had before tells who is new and who has it all.
CREATE FUNCTION settlement_open_moved(people uuid[], currencies text[], moves bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF people IS NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(2026112202);
    INSERT INTO settlement_opensum (currency, people, minor, without, without_minor)
    SELECT DISTINCT currency, 0, 0, 0, 0 FROM unnest(currencies) AS new (currency) ON CONFLICT DO NOTHING;
    UPDATE settlement_opensum s
       SET people = s.people + c.people, minor = s.minor + c.minor,
           without = s.without + c.without, without_minor = s.without_minor + c.without_minor
      FROM (SELECT currency, sum(more) AS people, sum(minor) AS minor,
                   coalesce(sum(more) FILTER (WHERE NOT has), 0) AS without,
                   coalesce(sum(minor) FILTER (WHERE NOT has), 0) AS without_minor
              FROM (SELECT m.currency, m.minor, o.has, (o.minor > 0)::int - (o.minor - m.minor > 0)::int AS more
                      FROM unnest(people, currencies, moves) AS m (person, currency, minor)
                     CROSS JOIN LATERAL (SELECT sum(open_minor)::bigint AS minor, bool_and(has_details) AS has
                                           FROM settlement_owed
                                          WHERE person_id = m.person AND currency = m.currency) o) each
             GROUP BY currency) c
     WHERE c.currency = s.currency;
END
$$;

-- What is owed begins at nothing and is released by an update: a statement that did both at once would be counted wrong.
CREATE FUNCTION settlement_owed_begins() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.released_minor <> 0 THEN
        RAISE EXCEPTION 'what is owed begins at nothing' USING ERRCODE = '23514',
            TABLE = 'settlement_owed', CONSTRAINT = 'what_is_owed_begins_at_nothing';
    END IF;
    NEW.has_details := EXISTS (SELECT FROM settlement_bankdetails d
                                WHERE d.person_id = NEW.person_id AND d.replaced_at IS NULL
                                  AND d.currency IN ('', NEW.currency));
    RETURN NEW;
END
$$;
CREATE TRIGGER what_is_owed_begins_at_nothing BEFORE INSERT ON settlement_owed
    FOR EACH ROW EXECUTE FUNCTION settlement_owed_begins();

CREATE FUNCTION settlement_owed_moved() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM settlement_open_moved(array_agg(person_id), array_agg(currency::text), array_agg(minor))
       FROM (SELECT person_id, currency, sum(minor)::bigint AS minor
               FROM (SELECT person_id, currency, open_minor AS minor FROM new_owed
                     UNION ALL SELECT person_id, currency, -open_minor FROM old_owed) both_sides
              GROUP BY 1, 2 HAVING sum(minor) <> 0) moved;
    RETURN NULL;
END
$$;
CREATE TRIGGER what_moves_is_counted AFTER UPDATE ON settlement_owed
    REFERENCING OLD TABLE AS old_owed NEW TABLE AS new_owed
    FOR EACH STATEMENT EXECUTE FUNCTION settlement_owed_moved();

-- Some people's bank details came or went: those for whom that changes anything move from one side to the other.
CREATE FUNCTION settlement_details_moved(changed uuid[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF changed IS NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(2026112202);
    WITH found AS (
        SELECT o.person_id, o.currency, sum(o.open_minor)::bigint AS minor,
               EXISTS (SELECT FROM settlement_bankdetails d
                        WHERE d.person_id = o.person_id AND d.replaced_at IS NULL AND d.currency IN ('', o.currency)
                      ) AS has
          FROM settlement_owed o WHERE o.person_id = ANY (changed) GROUP BY 1, 2),
    turned AS (
        UPDATE settlement_owed o SET has_details = f.has FROM found f
         WHERE o.person_id = f.person_id AND o.currency = f.currency AND o.has_details <> f.has
        RETURNING o.person_id, o.currency, f.minor, f.has),
    sums AS (
        SELECT currency, sum(CASE WHEN minor = 0 THEN 0 WHEN has THEN -1 ELSE 1 END) AS people,
               sum(CASE WHEN has THEN -minor ELSE minor END) AS minor
          FROM (SELECT DISTINCT person_id, currency, minor, has FROM turned) each GROUP BY 1)
    UPDATE settlement_opensum s SET without = s.without + t.people, without_minor = s.without_minor + t.minor
      FROM sums t WHERE t.currency = s.currency;
END
$$;

CREATE FUNCTION settlement_details_added() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM settlement_details_moved(array_agg(DISTINCT person_id)) FROM new_details WHERE replaced_at IS NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER details_added_are_counted AFTER INSERT ON settlement_bankdetails
    REFERENCING NEW TABLE AS new_details FOR EACH STATEMENT EXECUTE FUNCTION settlement_details_added();

CREATE FUNCTION settlement_details_replaced() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM settlement_details_moved(array_agg(DISTINCT n.person_id))
       FROM new_details n JOIN old_details o USING (id) WHERE o.replaced_at IS NULL AND n.replaced_at IS NOT NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER details_replaced_are_counted AFTER UPDATE ON settlement_bankdetails
    REFERENCING OLD TABLE AS old_details NEW TABLE AS new_details
    FOR EACH STATEMENT EXECUTE FUNCTION settlement_details_replaced();

-- What was open before anything was counted.
UPDATE settlement_owed o SET has_details = true
 WHERE EXISTS (SELECT FROM settlement_bankdetails d
                WHERE d.person_id = o.person_id AND d.replaced_at IS NULL AND d.currency IN ('', o.currency));
INSERT INTO settlement_opensum (currency, people, minor, without, without_minor)
SELECT currency, count(*), sum(minor), count(*) FILTER (WHERE NOT has), coalesce(sum(minor) FILTER (WHERE NOT has), 0)
  FROM (SELECT person_id, currency, sum(open_minor) AS minor, bool_or(has_details) AS has FROM settlement_owed
         WHERE open_minor > 0 GROUP BY 1, 2) people
 GROUP BY 1;

CREATE FUNCTION settlement_guard_open() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'what is open is counted by the database' USING ERRCODE = '23514',
        TABLE = TG_TABLE_NAME, CONSTRAINT = 'open_sums_are_counted';
END
$$;
-- Depth 0 is a statement of a person or a program; the triggers above write at depth 1 and deeper.
CREATE TRIGGER open_sums_are_counted BEFORE INSERT OR UPDATE ON settlement_opensum FOR EACH ROW
    WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION settlement_guard_open();
CREATE TRIGGER details_are_looked_up BEFORE UPDATE ON settlement_owed FOR EACH ROW
    WHEN (pg_trigger_depth() = 0 AND OLD.has_details IS DISTINCT FROM NEW.has_details)
    EXECUTE FUNCTION settlement_guard_open();
CREATE TRIGGER open_sums_stay BEFORE DELETE OR TRUNCATE ON settlement_opensum
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Open sums');
