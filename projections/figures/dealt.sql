-- What has been reported about deals, and when each was created: by the report that opened it, or else
-- by the first that mentions it.
     reports AS MATERIALIZED (
     SELECT report.opportunity, report.what, report.occurred_at, report.position, report.lead,
            report.account, report.pass_number, report.expected_close, report.reason
       FROM ledger.business_reports AS report
      CROSS JOIN live
      WHERE report.generation = (SELECT generation
                                   FROM ledger.projections
                                  WHERE name = 'business' AND status = 'live')
        AND report.known_from <= live.position
        AND (report.voided_by IS NULL OR report.voided_by > live.position)
        AND report.occurred_at <= CAST(:as_of AS timestamptz)
        AND report.opportunity IS NOT NULL
        AND report.what IN ('opened', 'updated', 'reopened', 'won', 'lost')),
     created AS (
     SELECT DISTINCT ON (opportunity)
            opportunity, occurred_at AS created_at, position AS created_by, lead, account,
            pass_number
       FROM reports
      ORDER BY opportunity, what <> 'opened', occurred_at, position),
