-- A team is of people who wait in the pool, and nobody is in two. Set-based: companies are copied in with one statement.
CREATE FUNCTION talent_pool_guard_teams() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM new_rows n JOIN microenterprises_microenterprise m ON m.id = n.microenterprise_id
         WHERE m.status = 'incubating' AND (
               NOT EXISTS (
                   SELECT FROM talent_pool_poolentry e WHERE e.person_id = n.person_id AND e.landed_at IS NULL)
            OR EXISTS (
                   SELECT FROM microenterprises_membership o
                     JOIN microenterprises_microenterprise t ON t.id = o.microenterprise_id
                    WHERE o.person_id = n.person_id AND o.microenterprise_id <> n.microenterprise_id
                      AND t.status = 'incubating' AND (o.ended_on IS NULL OR o.ended_on > n.started_on)))
    ) THEN
        RAISE EXCEPTION 'a team is of people who wait in the talent pool, and nobody is in two'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER a_team_is_of_people_of_the_pool AFTER INSERT ON microenterprises_membership
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION talent_pool_guard_teams();
