-- What a run says of itself is written once: who started it with its first row, the rest when it is sealed. Its states
-- follow one another (settlement.lifecycle.RUN).
CREATE FUNCTION settlement_guard_runs() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a run stays what it was sealed as' USING ERRCODE = '23514',
        TABLE = 'settlement_settlementrun', CONSTRAINT = 'a_sealed_run_is_not_changed';
END
$$;
CREATE TRIGGER a_sealed_run_is_not_changed BEFORE UPDATE ON settlement_settlementrun FOR EACH ROW
    WHEN ((OLD.id, OLD.business_date, OLD.started_at, OLD.started_by_id)
          IS DISTINCT FROM (NEW.id, NEW.business_date, NEW.started_at, NEW.started_by_id)
          OR (OLD.status <> 'posting'
              AND (OLD.sealed_at, OLD.mes_total, OLD.mes_done, OLD.exceptions, OLD.lines, OLD.totals, OLD.inputs_sha256,
                   OLD.lines_sha256)
                  IS DISTINCT FROM (NEW.sealed_at, NEW.mes_total, NEW.mes_done, NEW.exceptions, NEW.lines, NEW.totals,
                                    NEW.inputs_sha256, NEW.lines_sha256))
          OR (OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (
              ('posting', 'sealed'), ('sealed', 'approved'), ('approved', 'paid'), ('paid', 'approved'))))
    EXECUTE FUNCTION settlement_guard_runs();
CREATE TRIGGER runs_stay BEFORE DELETE OR TRUNCATE ON settlement_settlementrun
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Runs');
CREATE TRIGGER manifests_stay BEFORE DELETE OR TRUNCATE ON settlement_runshard
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('Manifests of runs');

-- Who created a batch is not who marks it as paid, so the first of them stays; and what went to the bank stays.
CREATE FUNCTION settlement_guard_batches() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a payout batch stays what was sent' USING ERRCODE = '23514',
        TABLE = 'settlement_payoutbatch', CONSTRAINT = 'a_sent_batch_is_not_changed';
END
$$;
CREATE TRIGGER a_sent_batch_is_not_changed BEFORE UPDATE ON settlement_payoutbatch FOR EACH ROW
    WHEN ((OLD.id, OLD.number, OLD.currency, OLD.created_at, OLD.created_by_id)
          IS DISTINCT FROM (NEW.id, NEW.number, NEW.currency, NEW.created_at, NEW.created_by_id)
          OR (OLD.status NOT IN ('preparing', 'draft')
              AND (OLD.size, OLD.total_minor, OLD.payments_sha256, OLD.execution_date, OLD.sent_at, OLD.sent_by_id)
                  IS DISTINCT FROM (NEW.size, NEW.total_minor, NEW.payments_sha256, NEW.execution_date, NEW.sent_at,
                                    NEW.sent_by_id))
          OR (OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (
              ('preparing', 'draft'), ('draft', 'sending'), ('sending', 'sent'), ('sent', 'confirming'),
              ('confirming', 'paid'), ('preparing', 'cancelled'), ('draft', 'cancelled'))))
    EXECUTE FUNCTION settlement_guard_batches();

-- A payment that was rejected or cancelled never goes again: what it held is payable, and another payment takes it.
CREATE TRIGGER a_payment_goes_one_way BEFORE UPDATE OF status ON settlement_payment FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (
          ('planned', 'sent'), ('sent', 'confirmed'), ('sent', 'rejected'), ('confirmed', 'rejected'),
          ('planned', 'cancelled')))
    EXECUTE FUNCTION settlement_guard_payments();
