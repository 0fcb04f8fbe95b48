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
UPDATE ledger.business_told
   SET voided_by = :by_position
 WHERE generation = :generation AND position = :position AND voided_by IS NULL

-- name: void_touch
-- A touch that was voided still counts for anyone who asks what was known before that.
UPDATE ledger.business_touches
   SET voided_by = :by_position
 WHERE generation = :generation AND position = :position AND voided_by IS NULL

-- name: correct_told
-- What is told otherwise from a position on: in its old place, but known only from there. A number
-- may be taken away as well: an order was of no deal.
WITH closed AS (
     UPDATE ledger.business_told
        SET voided_by = :by_position
      WHERE generation = :generation AND position = :position AND voided_by IS NULL
     RETURNING *)
INSERT INTO ledger.business_told (
       generation, position, known_from, what, occurred_at, lead, pass_number, account,
       opportunity, order_id, value, currency, business, product, origin)
SELECT generation, position, CAST(:by_position AS bigint), what,
       COALESCE(CAST(:occurred_at AS timestamptz), occurred_at),
       COALESCE(CAST(:lead AS uuid), lead),
       -- Of somebody else it began or won no pass: that is found by its time.
       CASE WHEN CAST(:lead AS uuid) IS NULL THEN pass_number END, account,
       CASE WHEN CAST(:corrects_opportunity AS boolean) THEN CAST(:opportunity AS text)
            ELSE opportunity END,
       CASE WHEN CAST(:corrects_order AS boolean) THEN CAST(:order_id AS text)
            ELSE order_id END,
       COALESCE(CAST(:value AS numeric), value),
       COALESCE(CAST(:currency AS text), currency), COALESCE(CAST(:business AS text), business),
       COALESCE(CAST(:product AS text), product), origin
  FROM closed

-- name: correct_touch
-- Of a touch only the time can be told otherwise, and whom it touched.
WITH closed AS (
     UPDATE ledger.business_touches
        SET voided_by = :by_position
      WHERE generation = :generation AND position = :position AND voided_by IS NULL
        AND (CAST(:occurred_at AS timestamptz) IS NOT NULL OR CAST(:lead AS uuid) IS NOT NULL)
     RETURNING *)
INSERT INTO ledger.business_touches (generation, position, known_from, lead, touched_at)
SELECT generation, position, CAST(:by_position AS bigint), COALESCE(CAST(:lead AS uuid), lead),
       COALESCE(CAST(:occurred_at AS timestamptz), touched_at)
  FROM closed

-- name: count_rows
-- How large a generation is, for the report of a rebuild.
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
            CAST(ROW(position, known_from, what, occurred_at, lead, pass_number, account, opportunity, order_id,
                     value, currency, business, product, origin, voided_by) AS text) AS content
       FROM ledger.business_told
      WHERE generation IN (:live, :built)
      UNION ALL
     SELECT generation, 'business_touches',
            CAST(ROW(position, known_from, lead, touched_at, voided_by) AS text)
       FROM ledger.business_touches
      WHERE generation IN (:live, :built))
-- include: engine/differing.sql
