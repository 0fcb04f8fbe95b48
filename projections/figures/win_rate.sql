-- Every deal counts where it was decided last, and where it was created. Of those created, the ones
-- whose time is up count by what had been decided last by then. What happened last counts, in whatever
-- order it was reported.
     reports AS MATERIALIZED (
     SELECT report.opportunity, report.what, report.occurred_at, report.position, report.lead,
            report.account, report.pass_number
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
     decided AS (
     SELECT DISTINCT ON (opportunity)
            opportunity, what AS outcome, occurred_at AS decided_at, position AS decided_by
       FROM reports
      WHERE what IN ('won', 'lost', 'reopened')
      ORDER BY opportunity, occurred_at DESC, position DESC),
     decided_in_time AS (
     SELECT DISTINCT ON (opportunity)
            opportunity, what AS outcome, occurred_at AS decided_at, position AS decided_by
       FROM reports
       JOIN created USING (opportunity)
      WHERE what IN ('won', 'lost', 'reopened')
        AND occurred_at <= created_at + CAST(:within AS interval)
      ORDER BY opportunity, occurred_at DESC, position DESC),
     counted AS (
     SELECT 'decided' AS in_row, 'base mature ' || outcome AS measures, created.*, decided_at AS at,
            outcome, decided_at, decided_by
       FROM created
       JOIN decided USING (opportunity)
      WHERE outcome IN ('won', 'lost')
      UNION ALL
     SELECT 'created',
            CASE WHEN created_at + CAST(:within AS interval) > CAST(:as_of AS timestamptz)
                 THEN 'base immature'
                 WHEN outcome IN ('won', 'lost') THEN 'base mature ' || outcome
                 ELSE 'base mature open' END,
            created.*, created_at, outcome, decided_at, decided_by
       FROM created
       LEFT JOIN decided_in_time USING (opportunity)),
     members AS (
     SELECT COALESCE(stay.value, CAST(:no_values AS text)) AS value,
            CASE WHEN lead IS NULL THEN 'account' ELSE 'lead' END AS kind, in_row, measures,
            COALESCE(lead, account, '00000000-0000-0000-0000-000000000000') AS subject_id,
            COALESCE(counted.pass_number, 1) AS pass_number, at, created_by AS position, 0 AS number,
            CAST(NULL AS text) AS then_stage, outcome AS then_kind, decided_at AS then_at,
            decided_by AS then_position
       FROM counted
       LEFT JOIN LATERAL (
            SELECT known.value
              FROM known
             WHERE known.subject_id = COALESCE(counted.lead, counted.account)
               AND known.entered_at <= counted.created_at
               AND known.left_at >= counted.created_at
             ORDER BY known.entered_at DESC, known.known_from DESC, known.number DESC
             LIMIT 1
            ) AS stay ON true
      WHERE at >= COALESCE(CAST(:since AS timestamptz), '-infinity')
        AND at < COALESCE(CAST(:until AS timestamptz), 'infinity'))
