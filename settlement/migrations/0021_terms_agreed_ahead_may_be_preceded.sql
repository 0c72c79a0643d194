-- Terms that are agreed for a later year must not keep an ME from changing how it shares until then: whoever holds until
-- that day may be ended earlier, by new terms that are agreed. Never on a date whose books are closed
-- (agreed_terms_never_reach_back), and nothing is ever made to hold longer. Proposed terms may name their end.
DROP TRIGGER ended_terms_stay ON microenterprises_shareterms;
CREATE TRIGGER ended_terms_stay BEFORE UPDATE ON microenterprises_shareterms
    FOR EACH ROW WHEN (OLD.status = 'rejected' OR (OLD.status = 'agreed' AND OLD.effective_to IS NOT NULL
        AND (NEW.effective_to < OLD.effective_to) IS NOT TRUE))
    EXECUTE FUNCTION microenterprises_keep('Ended share terms');
CREATE TRIGGER ended_terms_only_end_earlier BEFORE UPDATE ON microenterprises_shareterms
    FOR EACH ROW WHEN (OLD.status = 'agreed' AND NEW.effective_to < OLD.effective_to)
    EXECUTE FUNCTION microenterprises_keep('Agreed share terms', 'effective_to');
