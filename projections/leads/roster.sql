-- name: leads
-- Current leads, with keyset pagination. Absorbed leads are left out.
SELECT live.position AS head, CAST(lead.subject_id AS text) AS subject_id, lead.position,
       lead.lifecycle, lead.stage, lead.pass_number, lead.entered_at, lead.acquired_at, lead.owner,
       lead.grade, lead.market, lead.priority, lead.origin, lead.channel,
       CAST(lead.account AS text) AS account, lead.revisit_on, lead.screened_as, lead.lists
  FROM ledger.projections AS live
  LEFT JOIN LATERAL (
       SELECT *
         FROM ledger.directory_leads AS found
        WHERE found.generation = live.generation
          AND found.subject_id > CAST(:after AS uuid)
-- include: leads/wanted.sql
        ORDER BY found.subject_id
        LIMIT :limit
       ) AS lead ON true
 WHERE live.name = 'directory' AND live.status = 'live'
 ORDER BY lead.subject_id

-- name: count_leads
-- How many leads the filters of the statement `leads` find.
SELECT count(*) AS leads
  FROM ledger.projections AS live
  JOIN ledger.directory_leads AS found ON found.generation = live.generation
 WHERE live.name = 'directory' AND live.status = 'live'
-- include: leads/wanted.sql

-- name: list_sizes
-- The number of leads on each list, ignoring time limits.
SELECT live.position AS head, counted.list, counted.leads
  FROM ledger.projections AS live
  LEFT JOIN LATERAL (
       SELECT list, count(*) AS leads
         FROM ledger.directory_leads AS lead
        CROSS JOIN LATERAL unnest(lead.lists) AS list
        WHERE lead.generation = live.generation
        GROUP BY list
       ) AS counted ON true
 WHERE live.name = 'directory' AND live.status = 'live'

-- name: list_size_by_clock
-- The size of a list with a time limit.
SELECT count(*) AS leads
  FROM ledger.directory_leads AS lead
  JOIN ledger.projections AS live
    ON live.name = 'directory' AND live.status = 'live' AND live.generation = lead.generation
 WHERE lead.lists @> ARRAY[CAST(:list AS text)]
   AND (CAST(:acquired_after AS timestamptz) IS NULL
        OR lead.acquired_at > CAST(:acquired_after AS timestamptz))
   AND (CAST(:acquired_until AS timestamptz) IS NULL
        OR lead.acquired_at <= CAST(:acquired_until AS timestamptz))

-- name: in_charge
-- The leads of an owner, and how each came to its current stage.
SELECT live.position AS head, CAST(lead.subject_id AS text) AS subject_id, lead.state,
       standing.entry_kind
  FROM ledger.projections AS live
  LEFT JOIN LATERAL (
       SELECT *
         FROM ledger.directory_leads AS found
        WHERE found.generation = live.generation
          AND found.owner = :owner
          AND found.subject_id > CAST(:after AS uuid)
          AND NOT found.is_absorbed
        ORDER BY found.subject_id
        LIMIT :limit
       ) AS lead ON true
  LEFT JOIN ledger.projections AS stays
    ON stays.name = 'stage_intervals' AND stays.status = 'live'
  LEFT JOIN ledger.stage_standing AS standing
    ON standing.generation = stays.generation AND standing.subject_id = lead.subject_id
 WHERE live.name = 'directory' AND live.status = 'live'
 ORDER BY lead.subject_id

-- name: count_by_owner
-- How many leads each person is in charge of.
SELECT found.owner, count(*) AS leads
  FROM ledger.projections AS live
  JOIN ledger.directory_leads AS found ON found.generation = live.generation
 WHERE live.name = 'directory' AND live.status = 'live'
   AND NOT found.is_absorbed
   AND found.owner IS NOT NULL
 GROUP BY found.owner
 ORDER BY found.owner
 LIMIT :limit

-- name: unassigned
-- Leads without an owner in stages that require one, longest waiting first.
SELECT live.position AS head, CAST(lead.subject_id AS text) AS subject_id, lead.state,
       CAST(NULL AS text) AS entry_kind
  FROM ledger.projections AS live
  LEFT JOIN LATERAL (
       SELECT *
         FROM ledger.directory_leads AS found
        WHERE found.generation = live.generation
          AND found.stage = ANY (CAST(:stages AS text[]))
          AND found.owner IS NULL
          AND NOT found.is_absorbed
        ORDER BY found.entered_at, found.subject_id
        LIMIT :limit
       ) AS lead ON true
 WHERE live.name = 'directory' AND live.status = 'live'
 ORDER BY lead.entered_at, lead.subject_id

-- name: accounts
-- Current companies, with the number of known people there.
SELECT live.position AS head, CAST(account.subject_id AS text) AS subject_id, account.position,
       account.state,
       (SELECT count(*)
          FROM ledger.directory_leads AS person
         WHERE person.generation = live.generation
           AND person.account = account.subject_id
           AND NOT person.is_absorbed) AS people
  FROM ledger.projections AS live
  LEFT JOIN LATERAL (
       SELECT *
         FROM ledger.directory_accounts AS found
        WHERE found.generation = live.generation
          AND found.subject_id > CAST(:after AS uuid)
          AND (CAST(:account AS uuid) IS NULL OR found.subject_id = CAST(:account AS uuid))
          AND (CAST(:stage AS text) IS NULL OR found.stage = :stage)
          AND (CAST(:segment AS text) IS NULL OR found.segment = :segment)
          AND (CAST(:key_role AS text) IS NULL OR found.key_role = :key_role)
          AND (CAST(:owner AS text) IS NULL OR found.owner = :owner)
        ORDER BY found.subject_id
        LIMIT :limit
       ) AS account ON true
 WHERE live.name = 'directory' AND live.status = 'live'
 ORDER BY account.subject_id
