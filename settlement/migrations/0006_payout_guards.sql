-- What is owed is in one live batch only, whoever writes: parts of payments move Owed.taken_minor, and nothing else does.
-- Statement triggers with transition tables: 80,000 parts at once cost one update.

CREATE FUNCTION settlement_take_owed() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE settlement_owed o SET taken_minor = o.taken_minor + t.minor
      FROM (SELECT owed_id, sum(amount_minor) AS minor FROM new_parts WHERE is_live GROUP BY owed_id) t
     WHERE o.id = t.owed_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER parts_take_what_is_owed AFTER INSERT ON settlement_paymentpart
    REFERENCING NEW TABLE AS new_parts FOR EACH STATEMENT EXECUTE FUNCTION settlement_take_owed();

CREATE FUNCTION settlement_give_back_owed() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM old_parts o FULL JOIN new_parts n USING (id)
         WHERE (o.payment_id, o.owed_id, o.amount_minor) IS DISTINCT FROM (n.payment_id, n.owed_id, n.amount_minor)
            OR (n.is_live AND NOT o.is_live)
    ) THEN
        RAISE EXCEPTION 'a part of a payment is given back once and not changed otherwise'
            USING ERRCODE = '23514', TABLE = 'settlement_paymentpart',
                  CONSTRAINT = 'a_part_is_given_back_once';
    END IF;
    UPDATE settlement_owed o SET taken_minor = o.taken_minor - t.minor
      FROM (SELECT p.owed_id, sum(p.amount_minor) AS minor FROM old_parts p JOIN new_parts n USING (id)
             WHERE p.is_live AND NOT n.is_live GROUP BY p.owed_id) t
     WHERE o.id = t.owed_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER parts_give_back_what_is_owed AFTER UPDATE ON settlement_paymentpart
    REFERENCING OLD TABLE AS old_parts NEW TABLE AS new_parts
    FOR EACH STATEMENT EXECUTE FUNCTION settlement_give_back_owed();

CREATE FUNCTION settlement_guard_owed() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'what is taken of what is owed follows the parts of payments' USING ERRCODE = '23514',
        TABLE = 'settlement_owed', CONSTRAINT = 'taken_follows_the_parts';
END
$$;
-- Depth 0 is a statement of a person or a program; the triggers above update at depth 1.
CREATE TRIGGER taken_follows_the_parts BEFORE UPDATE ON settlement_owed FOR EACH ROW
    WHEN (pg_trigger_depth() = 0 AND (OLD.id, OLD.person_id, OLD.microenterprise_id, OLD.currency, OLD.taken_minor)
                     IS DISTINCT FROM (NEW.id, NEW.person_id, NEW.microenterprise_id, NEW.currency, NEW.taken_minor))
    EXECUTE FUNCTION settlement_guard_owed();
CREATE TRIGGER nothing_is_taken_before_its_part BEFORE INSERT ON settlement_owed FOR EACH ROW
    WHEN (NEW.taken_minor <> 0) EXECUTE FUNCTION settlement_guard_owed();

-- Bank details are replaced, not changed: what was sent must stay what it was.
CREATE FUNCTION settlement_guard_bank_details() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'bank details are replaced, not changed' USING ERRCODE = '23514',
        TABLE = 'settlement_bankdetails', CONSTRAINT = 'bank_details_are_replaced';
END
$$;
CREATE TRIGGER bank_details_are_replaced BEFORE UPDATE ON settlement_bankdetails FOR EACH ROW
    WHEN (OLD.replaced_at IS NOT NULL OR NEW.replaced_at IS NULL
          OR (OLD.id, OLD.person_id, OLD.currency, OLD.sealed, OLD.ending, OLD.entered_at)
             IS DISTINCT FROM (NEW.id, NEW.person_id, NEW.currency, NEW.sealed, NEW.ending, NEW.entered_at))
    EXECUTE FUNCTION settlement_guard_bank_details();

-- What a payment is does not change; after it was sent, neither does the account it went to.
CREATE FUNCTION settlement_guard_payments() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a payment is what it was planned to be' USING ERRCODE = '23514',
        TABLE = 'settlement_payment', CONSTRAINT = 'a_payment_is_not_changed';
END
$$;
CREATE TRIGGER a_payment_is_not_changed BEFORE UPDATE ON settlement_payment FOR EACH ROW
    WHEN ((OLD.id, OLD.batch_id, OLD.number, OLD.person_id, OLD.currency, OLD.amount_minor)
          IS DISTINCT FROM (NEW.id, NEW.batch_id, NEW.number, NEW.person_id, NEW.currency, NEW.amount_minor)
          OR (OLD.details_id <> NEW.details_id AND OLD.status <> 'planned'))
    EXECUTE FUNCTION settlement_guard_payments();

CREATE TRIGGER bank_details_stay BEFORE DELETE OR TRUNCATE ON settlement_bankdetails
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Bank details');
CREATE TRIGGER releases_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_runrelease
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Releases');
CREATE TRIGGER owed_stays BEFORE DELETE OR TRUNCATE ON settlement_owed
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('What is owed');
CREATE TRIGGER payout_batches_stay BEFORE DELETE OR TRUNCATE ON settlement_payoutbatch
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Payout batches');
CREATE TRIGGER payments_stay BEFORE DELETE OR TRUNCATE ON settlement_payment
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Payments');
CREATE TRIGGER payment_parts_stay BEFORE DELETE OR TRUNCATE ON settlement_paymentpart
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Parts of payments');
