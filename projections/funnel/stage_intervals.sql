-- name: read_standing
-- The open stays of subjects that are not in memory.
SELECT CAST(subject_id AS text), kind, stage, before, origin, channel, month, pass_number,
       is_first_entry, entered_at, entry_position, entry_kind, known_from, number, acquired,
       CAST(traits AS text), CAST(changes AS text), pass_origin, pass_channel, known_since
  FROM ledger.stage_standing
 WHERE generation = :generation AND subject_id = ANY (CAST(:subject_ids AS uuid[]))

-- name: read_written
-- The ended stays of restated subjects that are counted.
SELECT CAST(subject_id AS text), kind, stage, before, origin, channel, month, entered_at, left_at
  FROM ledger.stage_stays
 WHERE generation = :generation
   AND subject_id = ANY (CAST(:subject_ids AS uuid[]))
   AND known_to IS NULL

-- name: close_written
-- Close the known stays of restated subjects.
UPDATE ledger.stage_stays AS stay
   SET known_to = restated.known_to
  FROM unnest(CAST(:subject_id AS uuid[]), CAST(:known_to AS bigint[]))
       AS restated (subject_id, known_to)
 WHERE stay.generation = :generation
   AND stay.subject_id = restated.subject_id
   AND stay.known_to IS NULL

-- name: read_time_zone
-- The time zone for months of entry from here on.
SELECT time_zone
  FROM ledger.stage_lifecycles
 WHERE generation = :generation
 ORDER BY position DESC
 LIMIT 1

-- name: write_standing
-- Open stays after the batch: one row for each subject, even if it moved several times in it.
INSERT INTO ledger.stage_standing AS standing (
       generation, subject_id, kind, stage, before, origin, channel, month, pass_number, is_first_entry,
       entered_at, entry_position, entry_kind, known_from, number, acquired, traits, changes,
       pass_origin, pass_channel, known_since)
SELECT CAST(:generation AS integer), *
  FROM unnest(CAST(:subject_id AS uuid[]), CAST(:kind AS text[]), CAST(:stage AS text[]),
              CAST(:before AS text[]), CAST(:origin AS text[]), CAST(:channel AS text[]),
              CAST(:month AS text[]), CAST(:pass_number AS integer[]),
              CAST(:is_first_entry AS boolean[]), CAST(:entered_at AS timestamptz[]),
              CAST(:entry_position AS bigint[]), CAST(:entry_kind AS text[]),
              CAST(:known_from AS bigint[]), CAST(:number AS integer[]), CAST(:acquired AS text[]),
              CAST(:traits AS jsonb[]), CAST(:changes AS jsonb[]),
              CAST(:pass_origin AS text[]), CAST(:pass_channel AS text[]),
              CAST(:known_since AS text[]))
    ON CONFLICT (generation, subject_id) DO UPDATE
   SET stage = excluded.stage, before = excluded.before, origin = excluded.origin,
       channel = excluded.channel, month = excluded.month, pass_number = excluded.pass_number,
       is_first_entry = excluded.is_first_entry, entered_at = excluded.entered_at,
       entry_position = excluded.entry_position, entry_kind = excluded.entry_kind,
       known_from = excluded.known_from, number = excluded.number, acquired = excluded.acquired,
       traits = excluded.traits, changes = excluded.changes,
       pass_origin = excluded.pass_origin, pass_channel = excluded.pass_channel,
       known_since = excluded.known_since

-- name: remove_standing
-- Absorbed leads are in no stage.
DELETE FROM ledger.stage_standing
 WHERE generation = :generation AND subject_id = ANY (CAST(:subject_ids AS uuid[]))

-- name: write_counts
-- Add differences to the counts. The sums are computed before the insert: a difference may be
-- negative, and PostgreSQL checks the constraints of an inserted row before it detects a conflict.
-- No one else writes meanwhile: the checkpoint is locked. (Not MERGE: Citus takes none from arrays.)
INSERT INTO ledger.stage_counts AS counted (
       generation, breakdown, value, kind, stage, before, entries, standing)
SELECT CAST(:generation AS integer), difference.breakdown, difference.value, difference.kind,
       difference.stage, difference.before,
       COALESCE(held.entries, 0) + difference.entries,
       COALESCE(held.standing, 0) + difference.standing
  FROM unnest(CAST(:breakdown AS text[]), CAST(:value AS text[]), CAST(:kind AS text[]),
              CAST(:stage AS text[]), CAST(:before AS text[]), CAST(:entries AS bigint[]),
              CAST(:standing AS bigint[]))
       AS difference (breakdown, value, kind, stage, before, entries, standing)
  LEFT JOIN ledger.stage_counts AS held
    ON held.generation = CAST(:generation AS integer)
   AND held.breakdown = difference.breakdown
   AND held.value = difference.value
   AND held.kind = difference.kind
   AND held.stage = difference.stage
   AND held.before = difference.before
    ON CONFLICT (generation, breakdown, value, kind, stage, before) DO UPDATE
   SET entries = excluded.entries, standing = excluded.standing

-- name: remove_empty_counts
-- Rows of which a restatement has left nothing: a rebuild would not have them.
DELETE FROM ledger.stage_counts AS counted
 USING unnest(CAST(:breakdown AS text[]), CAST(:value AS text[]), CAST(:kind AS text[]),
              CAST(:stage AS text[]), CAST(:before AS text[]))
       AS reduced (breakdown, value, kind, stage, before)
 WHERE counted.generation = :generation
   AND counted.breakdown = reduced.breakdown
   AND counted.value = reduced.value
   AND counted.kind = reduced.kind
   AND counted.stage = reduced.stage
   AND counted.before = reduced.before
   AND counted.entries = 0

-- name: write_sums
-- Add differences to the sums by day and month. Sums of changes may be negative.
INSERT INTO ledger.stage_sums AS summed (
       generation, breakdown, span, begins, value, kind, stage, before, entries, standing)
SELECT CAST(:generation AS integer), *
  FROM unnest(CAST(:breakdown AS text[]), CAST(:span AS text[]), CAST(:begins AS date[]),
              CAST(:value AS text[]), CAST(:kind AS text[]), CAST(:stage AS text[]),
              CAST(:before AS text[]), CAST(:entries AS bigint[]), CAST(:standing AS bigint[]))
    ON CONFLICT (generation, breakdown, span, begins, value, kind, stage, before) DO UPDATE
   SET entries = summed.entries + excluded.entries,
       standing = summed.standing + excluded.standing

-- name: remove_empty_sums
-- Rows whose changes have cancelled out: a rebuild would not have them.
DELETE FROM ledger.stage_sums AS summed
 USING unnest(CAST(:breakdown AS text[]), CAST(:span AS text[]), CAST(:begins AS date[]),
              CAST(:value AS text[]), CAST(:kind AS text[]), CAST(:stage AS text[]),
              CAST(:before AS text[]))
       AS changed (breakdown, span, begins, value, kind, stage, before)
 WHERE summed.generation = :generation
   AND summed.breakdown = changed.breakdown
   AND summed.span = changed.span
   AND summed.begins = changed.begins
   AND summed.value = changed.value
   AND summed.kind = changed.kind
   AND summed.stage = changed.stage
   AND summed.before = changed.before
   AND summed.entries = 0
   AND summed.standing = 0

-- name: write_lifecycles
-- Which version was in force from which position, for queries about the past.
INSERT INTO ledger.stage_lifecycles (generation, position, version, time_zone)
SELECT CAST(:generation AS integer), *
  FROM unnest(CAST(:position AS bigint[]), CAST(:version AS integer[]),
              CAST(:time_zone AS text[]))

-- name: differences
-- Rows that do not occur equally often in two generations at one position, as text, so that one pass
-- compares all tables.
WITH held AS (
     SELECT generation, 'stage_intervals' AS relation,
            CAST(ROW(subject_id, kind, pass_number, stage, before, is_first_entry, entered_at,
                     entry_position, entry_kind, origin, channel, month, acquired, traits, changes,
                     known_from, left_at, exit_position, exit_kind, next_stage, known_to) AS text) AS content
       FROM ledger.stage_intervals
      WHERE generation IN (:live, :built)
      UNION ALL
     SELECT generation, 'stage_standing',
            CAST(ROW(subject_id, pass_origin, pass_channel, known_since) AS text)
       FROM ledger.stage_standing
      WHERE generation IN (:live, :built)
      UNION ALL
     SELECT generation, 'stage_counts',
            CAST(ROW(breakdown, value, kind, stage, before, entries, standing) AS text)
       FROM ledger.stage_counts
      WHERE generation IN (:live, :built)
      UNION ALL
     SELECT generation, 'stage_sums',
            CAST(ROW(breakdown, span, begins, value, kind, stage, before, entries, standing) AS text)
       FROM ledger.stage_sums
      WHERE generation IN (:live, :built)
      UNION ALL
     SELECT generation, 'stage_lifecycles', CAST(ROW(position, version, time_zone) AS text)
       FROM ledger.stage_lifecycles
      WHERE generation IN (:live, :built))
-- include: engine/differing.sql
