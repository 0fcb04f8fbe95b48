-- name: read_rows
-- All deadlines of leads that are not in memory. A lead has few.
SELECT started, CAST(lead_id AS text) AS lead_id, deadline, stage, started_at, due_at, owner, team,
       breached, outcome, settled, settled_at
  FROM ledger.deadlines
 WHERE generation = :generation AND lead_id = ANY (CAST(:lead_ids AS uuid[]))
 ORDER BY started

-- name: write_rows
-- Deadlines after the batch: one row each, even if they changed several times in it.
INSERT INTO ledger.deadlines AS written (
       generation, started, lead_id, deadline, stage, started_at, due_at, owner, team, breached,
       outcome, settled, settled_at)
SELECT CAST(:generation AS integer), *
  FROM unnest(CAST(:started AS bigint[]), CAST(:lead_id AS uuid[]), CAST(:deadline AS text[]),
              CAST(:stage AS text[]), CAST(:started_at AS timestamptz[]),
              CAST(:due_at AS timestamptz[]), CAST(:owner AS text[]), CAST(:team AS text[]),
              CAST(:breached AS bigint[]), CAST(:outcome AS text[]), CAST(:settled AS bigint[]),
              CAST(:settled_at AS timestamptz[]))
    ON CONFLICT (generation, started) DO UPDATE
   SET owner = excluded.owner, team = excluded.team, breached = excluded.breached,
       outcome = excluded.outcome, settled = excluded.settled, settled_at = excluded.settled_at

-- name: differences
-- Rows that do not occur equally often in two generations at one position, as text.
WITH held AS (
     SELECT generation, 'deadlines' AS relation,
            CAST(ROW(started, lead_id, deadline, stage, started_at, due_at, owner, team, breached,
                     outcome, settled, settled_at) AS text) AS content
       FROM ledger.deadlines
      WHERE generation IN (:live, :built))
-- include: engine/differing.sql

-- name: list_deadlines
-- Deadlines by due time, with keyset pagination.
SELECT live.position AS head, found.*
  FROM ledger.projections AS live
  LEFT JOIN LATERAL (
       SELECT started, CAST(lead_id AS text) AS lead_id, deadline, stage, started_at, due_at,
              owner, team, breached, outcome, settled, settled_at
         FROM ledger.deadlines AS row
        WHERE row.generation = live.generation
          AND (row.due_at, row.started) > (CAST(:after_due AS timestamptz),
                                           CAST(:after_started AS bigint))
          AND (CAST(:due_by AS timestamptz) IS NULL OR row.due_at <= CAST(:due_by AS timestamptz))
          AND (CAST(:statuses AS text[]) IS NULL
               OR COALESCE(row.outcome, CASE WHEN row.breached IS NULL THEN 'open'
                                             ELSE 'breached' END)
                  = ANY (CAST(:statuses AS text[])))
          AND (NOT CAST(:is_undecided AS boolean) OR row.outcome IS NULL)
          AND (CAST(:deadline AS text) IS NULL OR row.deadline = :deadline)
          AND (CAST(:owner AS text) IS NULL OR row.owner = :owner)
          AND (CAST(:team AS text) IS NULL OR row.team = :team)
        ORDER BY row.due_at, row.started
        LIMIT :limit
       ) AS found ON true
 WHERE live.name = 'deadlines' AND live.status = 'live'
 ORDER BY found.due_at, found.started
