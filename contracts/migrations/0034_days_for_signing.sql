-- Until now the days for signing always counted from the award.
UPDATE contracts_contract SET signing_from = created_at;

-- Who wrote a version: the first follows from the buyer's award, every other stands in the trail with its party.
ALTER TABLE contracts_contractversion DISABLE TRIGGER contract_versions_are_append_only;
UPDATE contracts_contractversion v SET party = r.facts ->> 'party'
FROM core_auditrecord r
WHERE v.number > 1 AND r.subject = 'contract:' || v.contract_id AND r.deed = 'contract.changed'
    AND (r.facts ->> 'version')::integer = v.number;
ALTER TABLE contracts_contractversion ENABLE TRIGGER contract_versions_are_append_only;
