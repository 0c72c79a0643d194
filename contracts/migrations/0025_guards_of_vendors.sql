-- Rule 9: which vendors are invited is settled at publication, so that all read the words at the same moment. Seeders
-- come through `market.past`.
CREATE FUNCTION contracts_guard_invited_vendor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('market.past', true), '') = '' AND EXISTS (
        SELECT FROM contracts_project p
        WHERE p.id = CASE TG_OP WHEN 'DELETE' THEN OLD.project_id ELSE NEW.project_id END AND p.status <> 'draft'
    ) THEN
        RAISE EXCEPTION 'Which vendors are invited is settled at publication'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER invited_vendors_are_settled_at_publication BEFORE INSERT OR UPDATE OR DELETE ON contracts_invitedvendor
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_invited_vendor();

-- A link makes one account: what was accepted never changes.
CREATE FUNCTION contracts_guard_vendor_invitation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.accepted_at IS NOT NULL THEN
        RAISE EXCEPTION 'An invitation is accepted once'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER accepted_invitations_stand BEFORE UPDATE ON contracts_vendorinvitation
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_vendor_invitation();

-- What was opened is what was sealed, for ever: also which vendor it names.
CREATE FUNCTION contracts_guard_opened_vendor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.opened_at IS NOT NULL AND NEW.vendor_id IS DISTINCT FROM OLD.vendor_id THEN
        RAISE EXCEPTION 'What was opened never changes'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER opened_vendors_stand BEFORE UPDATE OF vendor_id ON contracts_bid
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_opened_vendor();

CREATE FUNCTION contracts_guard_objecting_vendor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.vendor_id IS DISTINCT FROM OLD.vendor_id THEN
        RAISE EXCEPTION 'An objection stays as it was raised and is ruled on once'
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER objecting_vendors_stand BEFORE UPDATE OF vendor_id ON contracts_objection
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_objecting_vendor();
