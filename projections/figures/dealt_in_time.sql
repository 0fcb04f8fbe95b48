-- The deals that may count: those created in the period, those that followed it in time, and all before,
-- because only the first of a pass counts.
     asked AS (
     SELECT *, created_at AS placed_at
       FROM created
      WHERE created_at < COALESCE(CAST(:until AS timestamptz) + CAST(:within AS interval), 'infinity')),
