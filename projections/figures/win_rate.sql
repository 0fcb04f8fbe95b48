-- Every deal counts where it was decided last, and where it was created. Of those created, the ones
-- whose time is up count by what had been decided last by then. What happened last counts, in whatever
-- order it was reported.
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
     asked AS (
     SELECT *, created_at AS placed_at
       FROM counted
      WHERE at >= COALESCE(CAST(:since AS timestamptz), '-infinity')
        AND at < COALESCE(CAST(:until AS timestamptz), 'infinity')),
