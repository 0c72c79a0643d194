-- Bank details are replaced, not changed; only their ciphertext is, when the key is: in a transaction that says so, and
-- then nothing else of the row.
DROP TRIGGER bank_details_are_replaced ON settlement_bankdetails;
CREATE TRIGGER bank_details_are_replaced BEFORE UPDATE ON settlement_bankdetails FOR EACH ROW
    WHEN ((OLD.id, OLD.person_id, OLD.currency, OLD.ending, OLD.entered_at)
             IS DISTINCT FROM (NEW.id, NEW.person_id, NEW.currency, NEW.ending, NEW.entered_at)
          OR CASE WHEN coalesce(current_setting('settlement.seals_anew', true), '') = 'on'
                  THEN OLD.replaced_at IS DISTINCT FROM NEW.replaced_at
                  ELSE OLD.replaced_at IS NOT NULL OR NEW.replaced_at IS NULL OR OLD.sealed <> NEW.sealed END)
    EXECUTE FUNCTION settlement_guard_bank_details();
