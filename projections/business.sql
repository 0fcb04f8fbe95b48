-- name: read_lifecycle
-- The lifecycle in force before a position.
SELECT event.record
  FROM ledger.events AS event
 WHERE event.subject_id = '00000000-0000-0000-0000-000000000000'
   AND event.type = 'lifecycle.published'
   AND event.position < :before
 ORDER BY event.position DESC
 LIMIT 1

-- name: void_told
-- What was told and is taken back counts up to the position before.
UPDATE ledger.business_told AS told
   SET voided_by = voided.by_position
  FROM unnest(CAST(:positions AS bigint[]), CAST(:voided_by AS bigint[]))
       AS voided (position, by_position)
 WHERE told.generation = :generation AND told.position = voided.position

-- name: void_touches
UPDATE ledger.business_touches AS touch
   SET voided_by = voided.by_position
  FROM unnest(CAST(:positions AS bigint[]), CAST(:voided_by AS bigint[]))
       AS voided (position, by_position)
 WHERE touch.generation = :generation AND touch.position = voided.position

-- name: count_rows
SELECT (SELECT count(*) FROM ledger.business_told WHERE generation = :generation)
     + (SELECT count(*) FROM ledger.business_touches WHERE generation = :generation) AS rows

-- name: delete_rows
-- A part of a generation that nobody reads any more.
WITH told AS (
     DELETE FROM ledger.business_told
      WHERE ctid = ANY (ARRAY (SELECT ctid FROM ledger.business_told
                                WHERE generation = :generation LIMIT :limit))
     RETURNING 1),
     touches AS (
     DELETE FROM ledger.business_touches
      WHERE ctid = ANY (ARRAY (SELECT ctid FROM ledger.business_touches
                                WHERE generation = :generation LIMIT :limit))
     RETURNING 1)
SELECT (SELECT count(*) FROM told) + (SELECT count(*) FROM touches) AS deleted

-- name: differences
-- What two generations at one position do not hold equally often, whole rows as text.
WITH held AS (
     SELECT generation, 'business_told' AS relation,
            CAST(ROW(position, what, occurred_at, lead, pass_number, account, opportunity, order_id,
                     value, currency, business, product, origin, voided_by) AS text) AS content
       FROM ledger.business_told
      WHERE generation IN (:live, :built)
      UNION ALL
     SELECT generation, 'business_touches',
            CAST(ROW(position, lead, touched_at, voided_by) AS text)
       FROM ledger.business_touches
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
