-- The deals that were lost in the period, by what happened last: a deal that was reopened is not lost.
     decided AS (
     SELECT DISTINCT ON (opportunity)
            opportunity, what, reason, occurred_at AS decided_at, position AS decided_by
       FROM reports
      WHERE what IN ('won', 'lost', 'reopened')
      ORDER BY opportunity, occurred_at DESC, position DESC),
     asked AS (
     SELECT created.*, reason, decided_at, decided_by, created_at AS placed_at
       FROM created
       JOIN decided USING (opportunity)
      WHERE what = 'lost'
        AND decided_at >= COALESCE(CAST(:since AS timestamptz), '-infinity')
        AND decided_at < COALESCE(CAST(:until AS timestamptz), 'infinity')),
