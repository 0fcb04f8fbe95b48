-- name: list_refusals
-- Refusals, newest first (their ids begin with their time), and how far was looked: a rare reason
-- is found over several requests, none of which reads more than a bounded stretch.
WITH looked AS MATERIALIZED (
     SELECT refusal_id, received_at, key_id, source, event_id, type, reason, problem
       FROM ledger.refusals
      WHERE refusal_id < :before
      ORDER BY refusal_id DESC
      LIMIT :scan
),
wanted AS (
     SELECT *
       FROM looked
      WHERE (CAST(:reason AS text) IS NULL OR reason = :reason)
        AND (CAST(:source AS text) IS NULL OR source = :source)
        AND (CAST(:key_id AS text) IS NULL OR key_id = :key_id)
        AND (CAST(:since AS timestamptz) IS NULL OR received_at >= :since)
      ORDER BY refusal_id DESC
      LIMIT :limit
)
SELECT wanted.*, stretch.looked, stretch.last_id
  FROM (SELECT count(*) AS looked, CAST(min(CAST(refusal_id AS text)) AS uuid) AS last_id
          FROM looked) AS stretch
  LEFT JOIN wanted ON true
 ORDER BY wanted.refusal_id DESC

-- name: read_refusal
-- One refusal with the bytes that were refused.
SELECT refusal_id, received_at, key_id, source, event_id, type, reason, problem, content
  FROM ledger.refusals
 WHERE refusal_id = :refusal_id
