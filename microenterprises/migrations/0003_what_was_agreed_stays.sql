-- What members agreed, pledged or recorded stays as it was, through the ORM and through plain SQL alike.

-- Row trigger: of a row, only the columns named after the first argument may change. TG_ARGV[0] says what it keeps.
CREATE FUNCTION microenterprises_keep() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    may_change text[] := TG_ARGV[1:];
BEGIN
    IF to_jsonb(NEW) - may_change IS DISTINCT FROM to_jsonb(OLD) - may_change THEN
        RAISE EXCEPTION '% stay as they are', TG_ARGV[0]
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END
$$;

-- Share terms: their content never changes; a decision is final; of agreed terms only the end is closed, once.
CREATE TRIGGER proposed_terms_keep_their_content BEFORE UPDATE ON microenterprises_shareterms
    FOR EACH ROW WHEN (OLD.status = 'proposed')
    EXECUTE FUNCTION microenterprises_keep('Proposed share terms', 'status', 'agreed_at');
CREATE TRIGGER agreed_terms_only_end BEFORE UPDATE ON microenterprises_shareterms
    FOR EACH ROW WHEN (OLD.status = 'agreed' AND OLD.effective_to IS NULL)
    EXECUTE FUNCTION microenterprises_keep('Agreed share terms', 'effective_to');
CREATE TRIGGER ended_terms_stay BEFORE UPDATE ON microenterprises_shareterms
    FOR EACH ROW WHEN (OLD.status = 'rejected' OR OLD.effective_to IS NOT NULL)
    EXECUTE FUNCTION microenterprises_keep('Ended share terms');
CREATE TRIGGER terms_are_never_deleted BEFORE DELETE OR TRUNCATE ON microenterprises_shareterms
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Share terms');

-- Ballots and votes: what was asked stays, a decision is final, a vote stands.
CREATE TRIGGER a_ballot_keeps_its_question BEFORE UPDATE ON microenterprises_ballot
    FOR EACH ROW WHEN (OLD.status = 'open')
    EXECUTE FUNCTION microenterprises_keep('The question of a ballot, its voters and its majority', 'status', 'closed_at');
CREATE TRIGGER a_decided_ballot_stays BEFORE UPDATE ON microenterprises_ballot
    FOR EACH ROW WHEN (OLD.status <> 'open') EXECUTE FUNCTION microenterprises_keep('Decided ballots');
CREATE TRIGGER ballots_are_never_deleted BEFORE DELETE OR TRUNCATE ON microenterprises_ballot
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Ballots');
CREATE TRIGGER votes_stand BEFORE UPDATE OR DELETE OR TRUNCATE ON microenterprises_vote
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Votes');

-- Memberships: other conditions are a new membership. Only its end may be set or moved.
CREATE TRIGGER a_membership_only_ends BEFORE UPDATE ON microenterprises_membership
    FOR EACH ROW EXECUTE FUNCTION microenterprises_keep('The conditions of a membership', 'ended_on');
CREATE TRIGGER memberships_are_never_deleted BEFORE DELETE OR TRUNCATE ON microenterprises_membership
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Memberships');

-- Pledges: who gave how much to what stays; a pledge is settled once.
CREATE TRIGGER a_held_pledge_is_only_settled BEFORE UPDATE ON microenterprises_pledge
    FOR EACH ROW WHEN (OLD.status = 'held')
    EXECUTE FUNCTION microenterprises_keep('The amount and the giver of a pledge', 'status', 'settled_at');
CREATE TRIGGER a_settled_pledge_stays BEFORE UPDATE ON microenterprises_pledge
    FOR EACH ROW WHEN (OLD.status <> 'held') EXECUTE FUNCTION microenterprises_keep('Settled pledges');
CREATE TRIGGER pledges_are_never_deleted BEFORE DELETE OR TRUNCATE ON microenterprises_pledge
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Pledges');

-- Records of outside money: reversed once, with who and why; never changed, never deleted.
CREATE TRIGGER a_money_record_is_only_reversed BEFORE UPDATE ON microenterprises_moneyrecord
    FOR EACH ROW WHEN (OLD.reversed_at IS NULL)
    EXECUTE FUNCTION microenterprises_keep('Records of outside money', 'reversed_at', 'reversed_by_id', 'reversal_reason');
CREATE TRIGGER a_reversed_money_record_stays BEFORE UPDATE ON microenterprises_moneyrecord
    FOR EACH ROW WHEN (OLD.reversed_at IS NOT NULL)
    EXECUTE FUNCTION microenterprises_keep('Reversed records of outside money');
CREATE TRIGGER money_records_are_never_deleted BEFORE DELETE OR TRUNCATE ON microenterprises_moneyrecord
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Records of outside money');

-- Ideas: what people pledged to is what they read. MEs: the books stay; dissolved is dissolved.
CREATE TRIGGER a_published_idea_stays_as_it_was_read BEFORE UPDATE ON microenterprises_idea
    FOR EACH ROW WHEN (OLD.status <> 'draft')
    EXECUTE FUNCTION microenterprises_keep(
        'Published ideas', 'status', 'microenterprise_id', 'launched_at', 'withdrawn_at');
CREATE TRIGGER an_me_keeps_its_books BEFORE UPDATE ON microenterprises_microenterprise
    FOR EACH ROW WHEN (OLD.status = 'active')
    EXECUTE FUNCTION microenterprises_keep(
        'The books, the currency and the founding of an ME',
        'name', 'kind', 'purpose', 'platform_id', 'status', 'dissolved_at', 'dissolved_by_id', 'dissolution_reason');
CREATE TRIGGER a_dissolved_me_stays BEFORE UPDATE ON microenterprises_microenterprise
    FOR EACH ROW WHEN (OLD.status = 'dissolved') EXECUTE FUNCTION microenterprises_keep('Dissolved MEs');
CREATE TRIGGER mes_are_never_deleted BEFORE DELETE OR TRUNCATE ON microenterprises_microenterprise
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('MEs');
