-- The address of an account is where its password is set anew. Since when it is another one is remembered by the database,
-- and nobody can take that back: what was sealed before is closed to the account (rule 2).
CREATE FUNCTION people_remember_address() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.address_changed_at := CASE WHEN NEW.email = OLD.email THEN OLD.address_changed_at ELSE market_now() END;
    RETURN NEW;
END
$$;
CREATE TRIGGER addresses_are_remembered BEFORE UPDATE ON people_user
    FOR EACH ROW EXECUTE FUNCTION people_remember_address();
