-- name: read_lifecycles
-- Every lifecycle published before a position: each lead is judged by its own version.
SELECT event.record
  FROM ledger.whole_events AS event
 WHERE event.subject_id = '00000000-0000-0000-0000-000000000000'
   AND event.type = 'lifecycle.published'
   AND event.position < :before
 ORDER BY event.position

-- name: read_leads
-- Leads that are not in memory.
SELECT CAST(subject_id AS text) AS subject_id, state, lists
  FROM ledger.directory_leads
 WHERE generation = :generation AND subject_id = ANY (CAST(:subject_ids AS uuid[]))

-- name: read_people
-- The leads of companies that move: lists may depend on the company's stage.
SELECT CAST(subject_id AS text) AS subject_id, state, lists
  FROM ledger.directory_leads
 WHERE generation = :generation AND account = ANY (CAST(:accounts AS uuid[]))

-- name: read_lists
-- Since when leads that are not in memory have been on the lists that they are on.
SELECT CAST(subject_id AS text) AS subject_id, list, known_from, acquired_at, known_to
  FROM ledger.directory_lists
 WHERE generation = :generation AND subject_id = ANY (CAST(:subject_ids AS uuid[]))
   AND known_to IS NULL

-- name: read_accounts
-- Companies that are not in memory.
SELECT CAST(subject_id AS text) AS subject_id, state
  FROM ledger.directory_accounts
 WHERE generation = :generation AND subject_id = ANY (CAST(:subject_ids AS uuid[]))

-- name: write_leads
-- Leads after the batch: one row each, even if they changed several times in it.
INSERT INTO ledger.directory_leads AS lead (
       generation, subject_id, position, lifecycle, stage, pass_number, entered_at, acquired_at,
       owner, grade, market, priority, origin, channel, account, revisit_on, screened_as,
       is_absorbed, lists, state)
SELECT CAST(:generation AS integer), given.subject_id, given.position, given.lifecycle,
       given.stage, given.pass_number, given.entered_at, given.acquired_at, given.owner,
       given.grade, given.market, given.priority, given.origin, given.channel, given.account,
       given.revisit_on, given.screened_as, given.is_absorbed,
       string_to_array(given.lists, ' '), given.state
  FROM unnest(CAST(:subject_id AS uuid[]), CAST(:position AS bigint[]),
              CAST(:lifecycle AS integer[]), CAST(:stage AS text[]),
              CAST(:pass_number AS integer[]), CAST(:entered_at AS timestamptz[]),
              CAST(:acquired_at AS timestamptz[]), CAST(:owner AS text[]), CAST(:grade AS text[]),
              CAST(:market AS text[]), CAST(:priority AS text[]), CAST(:origin AS text[]),
              CAST(:channel AS text[]), CAST(:account AS uuid[]), CAST(:revisit_on AS date[]),
              CAST(:screened_as AS text[]), CAST(:is_absorbed AS boolean[]),
              CAST(:lists AS text[]), CAST(:state AS text[]))
       AS given (subject_id, position, lifecycle, stage, pass_number, entered_at, acquired_at,
                 owner, grade, market, priority, origin, channel, account, revisit_on,
                 screened_as, is_absorbed, lists, state)
    ON CONFLICT (generation, subject_id) DO UPDATE
   SET position = excluded.position, lifecycle = excluded.lifecycle, stage = excluded.stage,
       pass_number = excluded.pass_number, entered_at = excluded.entered_at,
       acquired_at = excluded.acquired_at, owner = excluded.owner, grade = excluded.grade,
       market = excluded.market, priority = excluded.priority, origin = excluded.origin,
       channel = excluded.channel, account = excluded.account, revisit_on = excluded.revisit_on,
       screened_as = excluded.screened_as, is_absorbed = excluded.is_absorbed,
       lists = excluded.lists, state = excluded.state

-- name: write_accounts
-- Companies after the batch.
INSERT INTO ledger.directory_accounts AS account (
       generation, subject_id, position, stage, entered_at, segment, key_role, owner, state)
SELECT CAST(:generation AS integer), *
  FROM unnest(CAST(:subject_id AS uuid[]), CAST(:position AS bigint[]), CAST(:stage AS text[]),
              CAST(:entered_at AS timestamptz[]), CAST(:segment AS text[]), CAST(:key_role AS text[]),
              CAST(:owner AS text[]), CAST(:state AS text[]))
    ON CONFLICT (generation, subject_id) DO UPDATE
   SET position = excluded.position, stage = excluded.stage, entered_at = excluded.entered_at,
       segment = excluded.segment, key_role = excluded.key_role, owner = excluded.owner,
       state = excluded.state

-- name: write_lists
-- Entries into lists and exits from them after the batch. Only an exit changes a row that is there.
INSERT INTO ledger.directory_lists AS stay (
       generation, subject_id, list, known_from, acquired_at, known_to)
SELECT CAST(:generation AS integer), *
  FROM unnest(CAST(:subject_id AS uuid[]), CAST(:list AS text[]), CAST(:known_from AS bigint[]),
              CAST(:acquired_at AS timestamptz[]), CAST(:known_to AS bigint[]))
    ON CONFLICT (generation, subject_id, list, known_from) DO UPDATE
   SET known_to = excluded.known_to

-- name: differences
-- Rows that do not occur equally often in two generations at one position, as text.
WITH held AS (
     SELECT generation, 'directory_leads' AS relation,
            CAST(ROW(subject_id, position, lifecycle, stage, pass_number, entered_at, acquired_at,
                     owner, grade, market, priority, origin, channel, account, revisit_on,
                     screened_as, is_absorbed, lists, state) AS text) AS content
       FROM ledger.directory_leads
      WHERE generation IN (:live, :built)
      UNION ALL
     SELECT generation, 'directory_accounts',
            CAST(ROW(subject_id, position, stage, entered_at, segment, key_role, owner, state) AS text)
       FROM ledger.directory_accounts
      WHERE generation IN (:live, :built)
      UNION ALL
     SELECT generation, 'directory_lists',
            CAST(ROW(subject_id, list, known_from, acquired_at, known_to) AS text)
       FROM ledger.directory_lists
      WHERE generation IN (:live, :built))
-- include: engine/differing.sql
