-- name: read_lifecycle
-- The lifecycle in force before a position.
SELECT event.record
  FROM ledger.whole_events AS event
 WHERE event.subject_id = '00000000-0000-0000-0000-000000000000'
   AND event.type = 'lifecycle.published'
   AND event.position < :before
 ORDER BY event.position DESC
 LIMIT 1

-- name: void_business
-- A voided report counts up to the position before the voiding.
UPDATE ledger.business_reports
   SET voided_by = :by_position
 WHERE generation = :generation AND position = :position AND voided_by IS NULL

-- name: void_touch
-- A voided touch still counts in queries as of an earlier position.
UPDATE ledger.business_touches
   SET voided_by = :by_position
 WHERE generation = :generation AND position = :position AND voided_by IS NULL

-- name: void_contact
-- A voided contact still counts in queries as of an earlier position.
UPDATE ledger.business_contacts
   SET voided_by = :by_position
 WHERE generation = :generation AND position = :position AND voided_by IS NULL

-- name: correct_business
-- Corrected values replace the old ones at the same position, but are known only from the correction
-- on. A number may also be removed: the order belongs to no deal.
WITH closed AS (
     UPDATE ledger.business_reports
        SET voided_by = :by_position
      WHERE generation = :generation AND position = :position AND voided_by IS NULL
     RETURNING *)
INSERT INTO ledger.business_reports (
       generation, position, known_from, what, occurred_at, lead, pass_number, account,
       opportunity, order_id, value, gross_profit, currency, business, product, origin, expected_close,
       reason)
SELECT generation, position, CAST(:by_position AS bigint), what,
       COALESCE(CAST(:occurred_at AS timestamptz), occurred_at),
       COALESCE(CAST(:lead AS uuid), lead),
       -- For another lead it did not begin or win this pass; the pass is found by time instead.
       CASE WHEN CAST(:lead AS uuid) IS NULL THEN pass_number END, account,
       CASE WHEN CAST(:corrects_opportunity AS boolean) THEN CAST(:opportunity AS text)
            ELSE opportunity END,
       CASE WHEN CAST(:corrects_order AS boolean) THEN CAST(:order_id AS text)
            ELSE order_id END,
       COALESCE(CAST(:value AS numeric), value),
       COALESCE(CAST(:gross_profit AS numeric), gross_profit),
       COALESCE(CAST(:currency AS text), currency), COALESCE(CAST(:business AS text), business),
       COALESCE(CAST(:product AS text), product), origin,
       COALESCE(CAST(:expected_close AS date), expected_close),
       COALESCE(CAST(:reason AS text), reason)
  FROM closed

-- name: restate_business
-- To what a report belongs may differ once an earlier one is known, and is known from there on.
WITH closed AS (
     UPDATE ledger.business_reports
        SET voided_by = :by_position
      WHERE generation = :generation AND position = :position AND voided_by IS NULL
     RETURNING *)
INSERT INTO ledger.business_reports (
       generation, position, known_from, what, occurred_at, lead, pass_number, account,
       opportunity, order_id, value, gross_profit, currency, business, product, origin, expected_close,
       reason)
SELECT generation, position, CAST(:by_position AS bigint), what, occurred_at, lead,
       CAST(:pass_number AS integer), CAST(:account AS uuid), opportunity, order_id, value,
       gross_profit, currency, CAST(:kind AS text), product, origin, expected_close, reason
  FROM closed

-- name: correct_touch
-- The time, the lead and the campaign of a touch can be corrected.
WITH closed AS (
     UPDATE ledger.business_touches
        SET voided_by = :by_position
      WHERE generation = :generation AND position = :position AND voided_by IS NULL
        AND (CAST(:occurred_at AS timestamptz) IS NOT NULL OR CAST(:lead AS uuid) IS NOT NULL
             OR CAST(:campaign AS text) IS NOT NULL)
     RETURNING *)
INSERT INTO ledger.business_touches (
       generation, position, known_from, lead, touched_at, origin, is_touch, campaign)
SELECT generation, position, CAST(:by_position AS bigint), COALESCE(CAST(:lead AS uuid), lead),
       COALESCE(CAST(:occurred_at AS timestamptz), touched_at), origin, is_touch,
       COALESCE(CAST(:campaign AS text), campaign)
  FROM closed

-- name: correct_contact
-- The time, the lead, what an attempt led to and what a screening found can be corrected.
WITH closed AS (
     UPDATE ledger.business_contacts
        SET voided_by = :by_position
      WHERE generation = :generation AND position = :position AND voided_by IS NULL
     RETURNING *)
INSERT INTO ledger.business_contacts (
       generation, position, known_from, lead, contacted_at, what, class)
SELECT generation, position, CAST(:by_position AS bigint), COALESCE(CAST(:lead AS uuid), lead),
       COALESCE(CAST(:occurred_at AS timestamptz), contacted_at),
       CASE WHEN what IN ('reached', 'unreached') THEN COALESCE(CAST(:attempt AS text), what)
            ELSE what END,
       CASE WHEN what = 'completed' THEN COALESCE(CAST(:class AS text), class) END
  FROM closed

-- name: differences
-- Rows that do not occur equally often in two generations at one position, as text.
WITH held AS (
     SELECT generation, 'business_reports' AS relation,
            CAST(ROW(position, known_from, what, occurred_at, lead, pass_number, account, opportunity, order_id,
                     value, gross_profit, currency, business, product, origin, expected_close,
                     reason, voided_by) AS text) AS content
       FROM ledger.business_reports
      WHERE generation IN (:live, :built)
      UNION ALL
     SELECT generation, 'business_touches',
            CAST(ROW(position, known_from, lead, touched_at, origin, is_touch, campaign, voided_by)
                 AS text)
       FROM ledger.business_touches
      WHERE generation IN (:live, :built)
      UNION ALL
     SELECT generation, 'business_contacts',
            CAST(ROW(position, known_from, lead, contacted_at, what, class, voided_by) AS text)
       FROM ledger.business_contacts
      WHERE generation IN (:live, :built)
      UNION ALL
     SELECT generation, 'business_costs',
            CAST(ROW(position, occurred_at, campaign, channel, currency, starts_on, ends_on, cost)
                 AS text)
       FROM ledger.business_costs
      WHERE generation IN (:live, :built))
-- include: engine/differing.sql
