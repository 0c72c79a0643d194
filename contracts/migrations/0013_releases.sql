-- The order in which releases become visible (docs/adr/0030): the transaction that wrote a release, on the server that
-- counted it. A reader gets only releases of transactions below the oldest one that may still write some.

-- Which count of transactions this is: the server's identity and its timeline. A dump that is restored elsewhere, or a
-- standby that takes over, counts afresh.
CREATE FUNCTION contracts_feed_server() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT s.system_identifier || ':' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) FROM pg_control_system() s
$$;

-- The number of that count; a new one is written down by the first release after a restore.
CREATE FUNCTION contracts_feed_epoch() RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    here text := contracts_feed_server();
    found integer;
BEGIN
    SELECT number INTO found FROM contracts_feedepoch WHERE server = here;
    WHILE found IS NULL LOOP
        INSERT INTO contracts_feedepoch (number, server)
            SELECT coalesce(max(number), 0) + 1, here FROM contracts_feedepoch ON CONFLICT DO NOTHING;
        SELECT number INTO found FROM contracts_feedepoch WHERE server = here;
    END LOOP;
    RETURN found;
END
$$;

CREATE FUNCTION contracts_feed_xid() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT pg_current_xact_id()::text::bigint
$$;

-- The oldest transaction that may still make a release visible, by the snapshot of the statement that asks. Transactions
-- that are seen to belong to another database of the server, or to autovacuum, never write a release; whatever is not
-- seen to be one of these counts. One's own transaction counts too: what it wrote may still be rolled back.
CREATE FUNCTION contracts_feed_horizon() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT least(
        pg_snapshot_xmax(s)::text::bigint,
        pg_current_xact_id_if_assigned()::text::bigint,
        (SELECT min(x::text::bigint) FROM pg_snapshot_xip(s) x
          WHERE x::xid::text NOT IN (
                SELECT a.backend_xid::text FROM pg_stat_activity a
                 WHERE a.backend_xid IS NOT NULL
                   AND (a.datname <> current_database() OR a.backend_type = 'autovacuum worker')))
    ) FROM pg_current_snapshot() s
$$;
