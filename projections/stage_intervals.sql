-- name: read_standing
-- Where the subjects of a batch stand before it.
SELECT CAST(subject_id AS text), kind, pass_number, stage, before, is_first_entry, entered_at,
       entry_position, entry_kind, origin, channel, month, known_from, pass_origin, pass_channel
  FROM ledger.stage_standing
 WHERE generation = :generation AND subject_id = ANY (CAST(:subject_ids AS uuid[]))

-- name: read_time_zone
-- The zone in which months of entry are reckoned from here on.
SELECT time_zone
  FROM ledger.stage_lifecycles
 WHERE generation = :generation
 ORDER BY position DESC
 LIMIT 1

-- name: write_stays
-- Stays that have ended.
INSERT INTO ledger.stage_stays (
       generation, subject_id, kind, pass_number, stage, before, is_first_entry, entered_at,
       entry_position, entry_kind, origin, channel, month, known_from, left_at, exit_position,
       exit_kind, next_stage)
SELECT CAST(:generation AS integer), *
  FROM unnest(CAST(:subject_ids AS uuid[]), CAST(:kinds AS text[]),
              CAST(:pass_numbers AS integer[]), CAST(:stages AS text[]), CAST(:befores AS text[]),
              CAST(:first_entries AS boolean[]), CAST(:entered AS timestamptz[]),
              CAST(:entry_positions AS bigint[]), CAST(:entry_kinds AS text[]),
              CAST(:origins AS text[]), CAST(:channels AS text[]), CAST(:months AS text[]),
              CAST(:known_from AS bigint[]), CAST(:left AS timestamptz[]),
              CAST(:exit_positions AS bigint[]), CAST(:exit_kinds AS text[]),
              CAST(:next_stages AS text[]))

-- name: write_standing
-- Where the subjects stand after the batch: one row each, however often they moved in it.
INSERT INTO ledger.stage_standing AS standing (
       generation, subject_id, kind, pass_number, stage, before, is_first_entry, entered_at,
       entry_position, entry_kind, origin, channel, month, known_from, pass_origin, pass_channel)
SELECT CAST(:generation AS integer), *
  FROM unnest(CAST(:subject_ids AS uuid[]), CAST(:kinds AS text[]),
              CAST(:pass_numbers AS integer[]), CAST(:stages AS text[]), CAST(:befores AS text[]),
              CAST(:first_entries AS boolean[]), CAST(:entered AS timestamptz[]),
              CAST(:entry_positions AS bigint[]), CAST(:entry_kinds AS text[]),
              CAST(:origins AS text[]), CAST(:channels AS text[]), CAST(:months AS text[]),
              CAST(:known_from AS bigint[]), CAST(:pass_origins AS text[]),
              CAST(:pass_channels AS text[]))
    ON CONFLICT (generation, subject_id) DO UPDATE
   SET pass_number = excluded.pass_number, stage = excluded.stage, before = excluded.before,
       is_first_entry = excluded.is_first_entry, entered_at = excluded.entered_at,
       entry_position = excluded.entry_position, entry_kind = excluded.entry_kind,
       origin = excluded.origin, channel = excluded.channel, month = excluded.month,
       known_from = excluded.known_from, pass_origin = excluded.pass_origin,
       pass_channel = excluded.pass_channel

-- name: remove_standing
-- Absorbed leads stand nowhere.
DELETE FROM ledger.stage_standing
 WHERE generation = :generation AND subject_id = ANY (CAST(:subject_ids AS uuid[]))

-- name: write_counts
-- Differences, added to what is counted. A merge, because an inserted row must be legal by itself
-- before PostgreSQL looks whether it conflicts, and a difference may be negative.
MERGE INTO ledger.stage_counts AS counted
USING unnest(CAST(:breakdowns AS text[]), CAST(:values AS text[]), CAST(:kinds AS text[]),
             CAST(:stages AS text[]), CAST(:befores AS text[]), CAST(:entries AS bigint[]),
             CAST(:standing AS bigint[]))
      AS difference (breakdown, value, kind, stage, before, entries, standing)
   ON counted.generation = :generation
  AND counted.breakdown = difference.breakdown
  AND counted.value = difference.value
  AND counted.kind = difference.kind
  AND counted.stage = difference.stage
  AND counted.before = difference.before
 WHEN MATCHED THEN
      UPDATE SET entries = counted.entries + difference.entries,
                 standing = counted.standing + difference.standing
 WHEN NOT MATCHED THEN
      INSERT (generation, breakdown, value, kind, stage, before, entries, standing)
      VALUES (:generation, difference.breakdown, difference.value, difference.kind,
              difference.stage, difference.before, difference.entries, difference.standing)

-- name: write_lifecycles
INSERT INTO ledger.stage_lifecycles (generation, position, version, time_zone)
SELECT CAST(:generation AS integer), *
  FROM unnest(CAST(:positions AS bigint[]), CAST(:versions AS integer[]),
              CAST(:time_zones AS text[]))

-- name: count_rows
SELECT (SELECT count(*) FROM ledger.stage_intervals WHERE generation = :generation)
     + (SELECT count(*) FROM ledger.stage_counts WHERE generation = :generation)
     + (SELECT count(*) FROM ledger.stage_lifecycles WHERE generation = :generation) AS rows

-- name: delete_rows
-- A part of a generation that nobody reads any more.
WITH stays AS (
     DELETE FROM ledger.stage_stays
      WHERE ctid = ANY (ARRAY (SELECT ctid FROM ledger.stage_stays
                                WHERE generation = :generation LIMIT :limit))
     RETURNING 1),
     standing AS (
     DELETE FROM ledger.stage_standing
      WHERE ctid = ANY (ARRAY (SELECT ctid FROM ledger.stage_standing
                                WHERE generation = :generation LIMIT :limit))
     RETURNING 1),
     counts AS (
     DELETE FROM ledger.stage_counts
      WHERE ctid = ANY (ARRAY (SELECT ctid FROM ledger.stage_counts
                                WHERE generation = :generation LIMIT :limit))
     RETURNING 1),
     lifecycles AS (
     DELETE FROM ledger.stage_lifecycles
      WHERE generation = :generation
     RETURNING 1)
SELECT (SELECT count(*) FROM stays) + (SELECT count(*) FROM standing)
     + (SELECT count(*) FROM counts) + (SELECT count(*) FROM lifecycles) AS deleted

-- name: differences
-- What two generations at one position do not hold equally often. Whole rows as text, so that one
-- pass compares all tables.
WITH held AS (
     SELECT generation, 'stage_intervals' AS relation,
            CAST(ROW(subject_id, kind, pass_number, stage, before, is_first_entry, entered_at,
                     entry_position, entry_kind, origin, channel, month, known_from, left_at,
                     exit_position, exit_kind, next_stage, known_to) AS text) AS content
       FROM ledger.stage_intervals
      WHERE generation IN (:live, :built)
      UNION ALL
     SELECT generation, 'stage_standing',
            CAST(ROW(subject_id, pass_origin, pass_channel) AS text)
       FROM ledger.stage_standing
      WHERE generation IN (:live, :built)
      UNION ALL
     SELECT generation, 'stage_counts',
            CAST(ROW(breakdown, value, kind, stage, before, entries, standing) AS text)
       FROM ledger.stage_counts
      WHERE generation IN (:live, :built)
      UNION ALL
     SELECT generation, 'stage_lifecycles', CAST(ROW(position, version, time_zone) AS text)
       FROM ledger.stage_lifecycles
      WHERE generation IN (:live, :built)),
     differing AS (
     SELECT relation, content,
            count(*) FILTER (WHERE generation = :live) AS live_rows,
            count(*) FILTER (WHERE generation = :built) AS built_rows
       FROM held
      GROUP BY relation, content
     HAVING count(*) FILTER (WHERE generation = :live)
         <> count(*) FILTER (WHERE generation = :built))
SELECT relation, content, live_rows, built_rows, count(*) OVER () AS differing
  FROM differing
 ORDER BY relation, content
 LIMIT :shown
