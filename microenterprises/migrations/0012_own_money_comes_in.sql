-- A person's pledge is promised, then received by a paper. Those that stood before had no paper: they keep their own id
-- as its number.

DROP TRIGGER a_held_pledge_is_only_settled ON microenterprises_pledge;
DROP TRIGGER a_settled_pledge_stays ON microenterprises_pledge;

UPDATE microenterprises_pledge
   SET received_at = pledged_at, dated = (pledged_at AT TIME ZONE 'UTC')::date, document = id::text,
       document_key = id::text
 WHERE microenterprise_id IS NULL;

CREATE TRIGGER a_promised_pledge_is_only_received BEFORE UPDATE ON microenterprises_pledge
    FOR EACH ROW WHEN (OLD.status = 'promised')
    EXECUTE FUNCTION microenterprises_keep(
        'The amount and the giver of a pledge', 'status', 'settled_at', 'received_at', 'received_by_id', 'dated',
        'document', 'document_key');
CREATE TRIGGER a_held_pledge_is_only_settled BEFORE UPDATE ON microenterprises_pledge
    FOR EACH ROW WHEN (OLD.status = 'held')
    EXECUTE FUNCTION microenterprises_keep('The amount and the giver of a pledge', 'status', 'settled_at');
CREATE TRIGGER a_settled_pledge_stays BEFORE UPDATE ON microenterprises_pledge
    FOR EACH ROW WHEN (OLD.status NOT IN ('promised', 'held')) EXECUTE FUNCTION microenterprises_keep('Settled pledges');
