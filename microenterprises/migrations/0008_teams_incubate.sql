-- A team of the talent pool is an ME that incubates: its books are opened, its launch is still to come.
CREATE TRIGGER a_team_keeps_its_books BEFORE UPDATE ON microenterprises_microenterprise
    FOR EACH ROW WHEN (OLD.status = 'incubating')
    EXECUTE FUNCTION microenterprises_keep(
        'The books and the currency of a team', 'name', 'kind', 'purpose', 'platform_id', 'status',
        'launched_at', 'launched_by_id', 'dissolved_at', 'dissolved_by_id', 'dissolution_reason');

-- While it incubates it pays nobody. Set-based: whole companies are copied in with one statement.
CREATE FUNCTION microenterprises_guard_pay_of_teams() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM new_rows n JOIN microenterprises_microenterprise m ON m.id = n.microenterprise_id
         WHERE n.pay_minor > 0 AND m.status = 'incubating'
    ) THEN
        RAISE EXCEPTION 'a team pays nobody before it is launched'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER a_team_pays_nobody AFTER INSERT ON microenterprises_membership
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION microenterprises_guard_pay_of_teams();
