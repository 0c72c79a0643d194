-- The chain of the audit trail. Writers only leave a note beside their record (core_auditwaiting); whoever links takes
-- the notes of committed records and chains those records, one linker at a time. Writers never wait for each other.

-- The hash of everything a record says. Free text carries its length, so that no two records share a text.
CREATE FUNCTION core_audit_content(r core_auditrecord) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(concat_ws(E'\n',
        r.id, to_char(r.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        char_length(r.actor_id) || ':' || r.actor_id, char_length(r.actor_name) || ':' || r.actor_name,
        char_length(r.deed) || ':' || r.deed, char_length(r.subject) || ':' || r.subject,
        char_length(r.about) || ':' || r.about, r.facts::text), 'UTF8')), 'hex')
$$;

CREATE FUNCTION core_audit_hash(previous text, content text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT encode(sha256(convert_to(previous || E'\n' || content, 'UTF8')), 'hex')
$$;

CREATE FUNCTION core_audit_waits() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO core_auditwaiting (record_id) SELECT id FROM new_records;
    RETURN NULL;
END
$$;
CREATE TRIGGER audit_records_wait_for_their_link AFTER INSERT ON core_auditrecord
    REFERENCING NEW TABLE AS new_records FOR EACH STATEMENT EXECUTE FUNCTION core_audit_waits();

-- Links every committed record that waits and returns how many. Where it cannot see what is newest (a snapshot that is
-- kept) or may not write, and where somebody else is linking, it does nothing: the next call will.
CREATE FUNCTION core_link_audit() RETURNS bigint LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    place bigint;
    head text;
    content text;
    linked bigint := 0;
    found_record core_auditrecord;
BEGIN
    IF current_setting('transaction_read_only') = 'on'
        OR current_setting('transaction_isolation') <> 'read committed'
        OR NOT pg_try_advisory_xact_lock(2026112201) THEN
        RETURN 0;
    END IF;
    -- Read in the statement after the lock: only this one sees what the linker before has committed.
    SELECT position, hash INTO place, head FROM core_auditlink ORDER BY position DESC LIMIT 1;
    place := coalesce(place, 0);
    head := coalesce(head, '');
    FOR found_record IN
        WITH taken AS (DELETE FROM core_auditwaiting RETURNING record_id)
        SELECT r.* FROM core_auditrecord r JOIN taken ON taken.record_id = r.id ORDER BY r.id
    LOOP
        place := place + 1;
        content := core_audit_content(found_record);
        INSERT INTO core_auditlink (position, record_id, content_hash, previous_hash, hash)
        VALUES (place, found_record.id, content, head, core_audit_hash(head, content));
        head := core_audit_hash(head, content);
        linked := linked + 1;
    END LOOP;
    RETURN linked;
END
$$;

CREATE FUNCTION core_guard_audit_links() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    before record;
BEGIN
    SELECT position, hash INTO before FROM core_auditlink ORDER BY position DESC LIMIT 1;
    IF NEW.position <> coalesce(before.position, 0) + 1 OR NEW.previous_hash <> coalesce(before.hash, '')
        OR NEW.hash <> core_audit_hash(NEW.previous_hash, NEW.content_hash)
        OR NEW.content_hash IS DISTINCT FROM
            (SELECT core_audit_content(r) FROM core_auditrecord r WHERE r.id = NEW.record_id) THEN
        RAISE EXCEPTION 'link % does not follow the last one of the audit trail', NEW.position
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER audit_links_follow_one_another BEFORE INSERT ON core_auditlink
    FOR EACH ROW EXECUTE FUNCTION core_guard_audit_links();
CREATE TRIGGER audit_links_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON core_auditlink
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Links of the audit trail');

-- What was written before there was a chain.
INSERT INTO core_auditwaiting (record_id) SELECT id FROM core_auditrecord;
SELECT core_link_audit();
