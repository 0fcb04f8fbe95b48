-- name: of_company
-- What is known now about the deals and orders of a company, reported for it or for one of its leads,
-- the latest first.
SELECT report.position, report.what, report.occurred_at, CAST(report.lead AS text) AS lead,
       report.opportunity, report.order_id, report.value, report.currency, report.business,
       report.product, report.expected_close, report.reason
  FROM ledger.business_reports AS report
  JOIN ledger.projections AS live
    ON live.name = 'business' AND live.status = 'live' AND live.generation = report.generation
 WHERE (report.account = CAST(:account AS uuid) OR report.lead = ANY (CAST(:leads AS uuid[])))
   AND report.voided_by IS NULL
 ORDER BY report.occurred_at DESC, report.position DESC
 LIMIT :limit
