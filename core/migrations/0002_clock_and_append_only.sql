-- The market's clock: the server's wall clock at the instant of the call, ahead by the demo's offset.
-- `market.past` is set by core.past only, for seeders and importers that replay what has happened.
CREATE FUNCTION market_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT coalesce(
        nullif(current_setting('market.past', true), '')::timestamptz,
        clock_timestamp() + (SELECT ahead FROM core_clock WHERE id = 1)
    )
$$;

INSERT INTO core_clock (id, ahead) VALUES (1, interval '0');

-- Shared by every table that only grows. TG_ARGV[0] is what the table keeps, in words.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% are only ever added: % is refused', TG_ARGV[0], TG_OP
        USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
END
$$;

CREATE TRIGGER audit_records_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON core_auditrecord
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Audit records');
