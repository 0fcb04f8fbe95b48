-- name: count
-- Add what was answered without the ledger. A batch adds its own counts with the same function.
SELECT ledger.count_intake(
       CAST(:day AS date), CAST(:sources AS text[]), CAST(:outcomes AS text[]),
       CAST(:reasons AS text[]), CAST(:items AS text[]), CAST(:answered_at AS timestamptz),
       CAST(:sources_max AS integer))

-- name: read_counts
-- The counts of some days, each source's together.
SELECT day, source, outcome, reason, items
  FROM ledger.intake_counts
 WHERE day BETWEEN CAST(:first AS date) AND CAST(:last AS date)
 ORDER BY day, source, outcome, reason

-- name: read_sources
-- When each source was last heard, and the gap between two of its days that is rarely exceeded, in
-- the weeks up to its last day: otherwise a source would be forgotten while it is silent.
WITH counted AS MATERIALIZED (
     SELECT source, day, max(last_at) AS last_at,
            max(last_at) FILTER (WHERE outcome = 'recorded') AS recorded_at
       FROM ledger.intake_counts
      WHERE day > CAST(:today AS date) - CAST(:looked_back_days AS integer)
        AND source <> ''
      GROUP BY source, day
),
spaced AS (
     SELECT source, day, last_at, recorded_at,
            day - lag(day) OVER (PARTITION BY source ORDER BY day) AS gap,
            max(day) OVER (PARTITION BY source) AS last_day
       FROM counted
)
SELECT source, last_day, max(last_at) AS last_at, max(recorded_at) AS recorded_at,
       count(gap) FILTER (WHERE day > last_day - CAST(:gaps_days AS integer)) AS gaps,
       percentile_disc(0.95) WITHIN GROUP (ORDER BY gap)
           FILTER (WHERE day > last_day - CAST(:gaps_days AS integer)) AS usual_gap
  FROM spaced
 GROUP BY source, last_day
 ORDER BY source
