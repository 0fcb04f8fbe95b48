-- The deals that are open at the moment: those that have not been decided, or were reopened since.
     latest AS (
     SELECT DISTINCT ON (opportunity) opportunity, occurred_at AS reported_at
       FROM reports
      ORDER BY opportunity, occurred_at DESC, position DESC),
     decided AS (
     SELECT DISTINCT ON (opportunity) opportunity, what
       FROM reports
      WHERE what IN ('won', 'lost', 'reopened')
      ORDER BY opportunity, occurred_at DESC, position DESC),
     asked AS (
     SELECT created.*, latest.reported_at, CAST(:as_of AS timestamptz) AS placed_at
       FROM created
       JOIN latest USING (opportunity)
       LEFT JOIN decided USING (opportunity)
      WHERE decided.what IS NULL OR decided.what = 'reopened'),
