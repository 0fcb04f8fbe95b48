-- name: read_rows
-- The deadlines that count of leads that are not in memory. A lead has few.
SELECT CAST(lead_id AS text) AS lead_id, known_from, number, deadline, stage, started, started_at,
       due_at, owner, team, breached, outcome, settled, settled_at
  FROM ledger.deadlines
 WHERE generation = :generation AND lead_id = ANY (CAST(:lead_ids AS uuid[])) AND known_to IS NULL
 ORDER BY known_from, number

-- name: write_rows
-- Deadlines after the batch: one row each, even if they changed several times in it.
INSERT INTO ledger.deadlines AS written (
       generation, lead_id, known_from, number, deadline, stage, started, started_at, due_at, owner,
       team, breached, outcome, settled, settled_at, known_to)
SELECT CAST(:generation AS integer), *
  FROM unnest(CAST(:lead_id AS uuid[]), CAST(:known_from AS bigint[]),
              CAST(:number AS integer[]), CAST(:deadline AS text[]), CAST(:stage AS text[]),
              CAST(:started AS bigint[]), CAST(:started_at AS timestamptz[]),
              CAST(:due_at AS timestamptz[]), CAST(:owner AS text[]), CAST(:team AS text[]),
              CAST(:breached AS bigint[]), CAST(:outcome AS text[]), CAST(:settled AS bigint[]),
              CAST(:settled_at AS timestamptz[]), CAST(:known_to AS bigint[]))
    ON CONFLICT (generation, known_from, number) DO UPDATE
   SET owner = excluded.owner, team = excluded.team, breached = excluded.breached,
       outcome = excluded.outcome, settled = excluded.settled, settled_at = excluded.settled_at,
       known_to = excluded.known_to

-- name: differences
-- Rows that do not occur equally often in two generations at one position, as text.
WITH held AS (
     SELECT generation, 'deadlines' AS relation,
            CAST(ROW(lead_id, known_from, number, deadline, stage, started, started_at, due_at, owner,
                     team, breached, outcome, settled, settled_at, known_to) AS text) AS content
       FROM ledger.deadlines
      WHERE generation IN (:live, :built))
-- include: engine/differing.sql

-- name: list_deadlines
-- Deadlines that count, by due time, with keyset pagination.
SELECT live.position AS head, found.*
  FROM ledger.projections AS live
  LEFT JOIN LATERAL (
       SELECT CAST(lead_id AS text) AS lead_id, known_from, number, deadline, stage, started,
              started_at, due_at, owner, team, breached, outcome, settled, settled_at
         FROM ledger.deadlines AS row
        WHERE row.generation = live.generation
          AND row.known_to IS NULL
          AND (row.due_at, row.known_from, row.number)
              > (CAST(:after_due AS timestamptz), CAST(:after_known AS bigint),
                 CAST(:after_number AS integer))
          AND (CAST(:due_by AS timestamptz) IS NULL OR row.due_at <= CAST(:due_by AS timestamptz))
          AND (CAST(:statuses AS text[]) IS NULL
               OR COALESCE(row.outcome, CASE WHEN row.breached IS NULL THEN 'open'
                                             ELSE 'breached' END)
                  = ANY (CAST(:statuses AS text[])))
          AND (NOT CAST(:is_undecided AS boolean) OR row.outcome IS NULL)
          AND (CAST(:deadline AS text) IS NULL OR row.deadline = :deadline)
          AND (CAST(:owner AS text) IS NULL OR row.owner = :owner)
          AND (CAST(:team AS text) IS NULL OR row.team = :team)
        ORDER BY row.due_at, row.known_from, row.number
        LIMIT :limit
       ) AS found ON true
 WHERE live.name = 'deadlines' AND live.status = 'live'
 ORDER BY found.due_at, found.known_from, found.number

-- name: count_by_owner
-- How many undecided deadlines each person has, and when they fall due. Counted here and not on a
-- page of deadlines, whose end would hide the rest; the index of the undecided is read once.
SELECT found.*
  FROM ledger.projections AS live
 CROSS JOIN LATERAL (
       SELECT owner,
              count(*) FILTER (WHERE due_at <= CAST(:now AS timestamptz)) AS overdue,
              count(*) FILTER (WHERE due_at > CAST(:now AS timestamptz)
                                 AND due_at <= CAST(:tonight AS timestamptz)) AS today,
              count(*) FILTER (WHERE due_at > CAST(:tonight AS timestamptz)
                                 AND due_at <= CAST(:weekend AS timestamptz)) AS this_week,
              count(*) FILTER (WHERE due_at > GREATEST(CAST(:tonight AS timestamptz),
                                                       CAST(:weekend AS timestamptz))) AS later
         FROM ledger.deadlines AS row
        WHERE row.generation = live.generation AND row.known_to IS NULL AND row.outcome IS NULL
        GROUP BY owner
       ) AS found
 WHERE live.name = 'deadlines' AND live.status = 'live'
 ORDER BY found.overdue DESC, found.today DESC, found.this_week DESC, found.owner
