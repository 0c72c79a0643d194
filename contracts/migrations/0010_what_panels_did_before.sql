-- Every project has at least one criterion of quality; one that said nothing else was judged as a whole, by its plan.
INSERT INTO contracts_criterion (project_id, place, title, judged, weight_bp)
SELECT p.id, 1, 'Quality', '', 10000
FROM contracts_project p
WHERE p.buyer_id IS NOT NULL;

-- Until now prices were opened with everything else.
UPDATE contracts_bid SET price_opened_at = opened_at WHERE price_minor IS NOT NULL;
