-- name: list_refusals
-- Refusals, newest first, and how far this query looked: rare matches are found over several
-- requests, each of which reads a bounded stretch. A refusal is within a period if it last came
-- after the start and first came before the end.
WITH looked AS MATERIALIZED (
     SELECT refusal_id, received_at, last_received_at, times, key_id, source, event_id, type,
            dialect, reason, problem, status, retries, position, settled_at, settled_by, dismissal
       FROM ledger.refusals
      WHERE (received_at, refusal_id) < (:before_at, :before_id)
      ORDER BY received_at DESC, refusal_id DESC
      LIMIT :scan
),
wanted AS (
     SELECT *
       FROM looked
      WHERE (CAST(:reason AS text) IS NULL OR reason = :reason)
        AND (CAST(:source AS text) IS NULL OR source = :source)
        AND (CAST(:key_id AS text) IS NULL OR key_id = :key_id)
        AND (CAST(:type AS text) IS NULL OR type = :type)
        AND (CAST(:status AS text) IS NULL OR status = :status)
        AND (CAST(:since AS timestamptz) IS NULL OR last_received_at >= :since)
        AND (CAST(:until AS timestamptz) IS NULL OR received_at < :until)
      ORDER BY received_at DESC, refusal_id DESC
      LIMIT :limit
),
stretch AS (
     SELECT received_at AS last_at, refusal_id AS last_id, count(*) OVER () AS looked
       FROM looked
      ORDER BY received_at, refusal_id
      LIMIT 1
)
SELECT wanted.*, stretch.looked, stretch.last_at, stretch.last_id
  FROM stretch
  LEFT JOIN wanted ON true
 ORDER BY wanted.received_at DESC, wanted.refusal_id DESC

-- name: read_refusal
-- One refusal with its bytes.
SELECT refusal_id, received_at, last_received_at, times, key_id, source, event_id, type,
       dialect, reason, problem, status, retries, position, settled_at, settled_by, dismissal,
       content
  FROM ledger.refusals
 WHERE refusal_id = :refusal_id

-- name: find_open
-- Open refusals with their bytes, oldest first: they are retried in the order in which they came,
-- because one may be about a lead that an earlier one makes known.
WITH looked AS MATERIALIZED (
     SELECT refusal_id, received_at, last_received_at, key_id, source, type, reason, status
       FROM ledger.refusals
      WHERE (received_at, refusal_id) > (:after_at, :after_id)
      ORDER BY received_at, refusal_id
      LIMIT :scan
),
wanted AS (
     SELECT refusal_id, received_at
       FROM looked
      WHERE status = 'open'
        AND (CAST(:reason AS text) IS NULL OR reason = :reason)
        AND (CAST(:source AS text) IS NULL OR source = :source)
        AND (CAST(:key_id AS text) IS NULL OR key_id = :key_id)
        AND (CAST(:type AS text) IS NULL OR type = :type)
        AND (CAST(:since AS timestamptz) IS NULL OR last_received_at >= :since)
        AND (CAST(:until AS timestamptz) IS NULL OR received_at < :until)
      ORDER BY received_at, refusal_id
      LIMIT :limit
),
stretch AS (
     SELECT received_at AS last_at, refusal_id AS last_id, count(*) OVER () AS looked
       FROM looked
      ORDER BY received_at DESC, refusal_id DESC
      LIMIT 1
)
SELECT refusal.refusal_id, refusal.received_at, refusal.key_id, refusal.source, refusal.event_id,
       refusal.type, refusal.dialect, refusal.reason, refusal.problem, refusal.content,
       stretch.looked, stretch.last_at, stretch.last_id
  FROM stretch
  LEFT JOIN (wanted JOIN ledger.refusals AS refusal USING (refusal_id)) ON true
 ORDER BY refusal.received_at, refusal.refusal_id

-- name: lock_standings
-- The state of refusals. Every transaction locks these rows in this order.
SELECT refusal_id, reason, problem, status, position, settled_at, settled_by, dismissal
  FROM ledger.refusals
 WHERE refusal_id = ANY (CAST(:refusal_ids AS uuid[]))
 ORDER BY refusal_id
   FOR UPDATE

-- name: write_standing
-- Store the new standing of a refusal, with its seal.
UPDATE ledger.refusals
   SET reason = :reason, problem = :problem, status = :status, position = :position,
       settled_at = :settled_at, settled_by = :settled_by, dismissal = :dismissal,
       state_seal = :state_seal, retries = retries + CAST(:retries AS bigint)
 WHERE refusal_id = :refusal_id

-- name: count_open
-- Open refusals by reason, and since when.
SELECT reason, count(*) AS refusals, min(received_at) AS oldest_at
  FROM ledger.refusals
 WHERE status = 'open'
 GROUP BY reason

-- name: lock_purge
-- One process purges at a time; the others need not wait.
SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))

-- name: purge_old
-- Refused bytes are personal data: they are kept for a limited time only.
DELETE FROM ledger.refusals
 WHERE refusal_id = ANY (ARRAY(
       SELECT refusal_id
         FROM ledger.refusals
        WHERE received_at < :before
        ORDER BY received_at, refusal_id
        LIMIT :limit
          FOR UPDATE SKIP LOCKED))

-- name: measure
-- The bytes that all refusals take.
SELECT CAST(coalesce(sum(bytes), 0) AS bigint) FROM ledger.refusals

-- name: purge_oldest
-- Delete the oldest, whatever their status, until the excess is gone.
WITH oldest AS MATERIALIZED (
     SELECT refusal_id, received_at, bytes
       FROM ledger.refusals
      ORDER BY received_at, refusal_id
      LIMIT :limit
        FOR UPDATE SKIP LOCKED
),
summed AS (
     SELECT refusal_id,
            sum(bytes) OVER (ORDER BY received_at, refusal_id) - bytes AS bytes_before
       FROM oldest
)
DELETE FROM ledger.refusals AS refusal
 USING summed
 WHERE refusal.refusal_id = summed.refusal_id
   AND summed.bytes_before < :excess
