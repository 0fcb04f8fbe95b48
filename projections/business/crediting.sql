-- name: reports
-- Reports of business up to a moment, as known at a position.
SELECT report.position, report.what, report.occurred_at, CAST(report.lead AS text),
       report.pass_number, CAST(report.account AS text), report.opportunity, report.order_id,
       report.value, report.gross_profit, report.currency, report.business, report.product, report.origin
  FROM ledger.business_reports AS report
 WHERE report.generation = :generation
   AND report.known_from <= :known_at
   AND (report.voided_by IS NULL OR report.voided_by > :known_at)
   AND report.occurred_at <= :as_of
 ORDER BY report.position

-- name: passes
-- The origins of these leads' passes, as known at a position: the first stay of each pass, and the
-- origin according to its last stay, which may have been corrected.
SELECT CAST(stay.subject_id AS text) AS lead, stay.pass_number,
       min(stay.entered_at) AS begun_at,
       min(stay.entry_position) AS first_entry, max(stay.entry_position) AS last_entry,
       (array_agg(stay.origin ORDER BY stay.known_from DESC, stay.number DESC))[1] AS origin
  FROM ledger.stage_intervals AS stay
  JOIN ledger.projections AS live
    ON live.name = 'stage_intervals' AND live.status = 'live'
   AND live.generation = stay.generation
 WHERE stay.subject_id = ANY (CAST(:leads AS uuid[]))
   AND stay.known_from <= :known_at
   AND (stay.known_to IS NULL OR stay.known_to > :known_at)
 GROUP BY stay.subject_id, stay.pass_number
 ORDER BY stay.subject_id, stay.pass_number

-- name: origins
-- Statements about the origin of these leads: the origin, which a correction changes without a move,
-- and the first touch. A restated lead carries its whole state, and the origins of all of its passes.
-- In parts any effect may be.
SELECT CAST(event.subject_id AS text) AS lead, event.record
  FROM ledger.whole_events AS event
 WHERE event.subject_id = ANY (CAST(:leads AS uuid[]))
   AND (event.type = :restated
        OR event.record LIKE '%"origin":%'
        OR event.record LIKE '%"first_touch":%'
        OR strpos(event.record, chr(10)) > 0)
   AND event.position <= :known_at
 ORDER BY event.position

-- name: touches
-- When marketing touched these leads, and what they did themselves, by whose work.
SELECT CAST(touch.lead AS text) AS lead, touch.touched_at, touch.origin, touch.is_touch
  FROM ledger.business_touches AS touch
 WHERE touch.generation = :generation
   AND touch.lead = ANY (CAST(:leads AS uuid[]))
   AND touch.known_from <= :known_at
   AND (touch.voided_by IS NULL OR touch.voided_by > :known_at)
 ORDER BY touch.lead, touch.touched_at, touch.position

-- name: forwards
-- The states of these leads, which name the leads that they absorbed or were absorbed by.
SELECT CAST(lead.subject_id AS text) AS lead, lead.state
  FROM ledger.directory_leads AS lead
  JOIN ledger.projections AS live
    ON live.name = 'directory' AND live.status = 'live' AND live.generation = lead.generation
 WHERE lead.subject_id = ANY (CAST(:leads AS uuid[]))

-- name: absorbed_companies
-- Those of these companies that were absorbed by another one, and by which.
SELECT CAST(company.subject_id AS text) AS account,
       CAST(company.state AS jsonb) ->> 'absorbed_by' AS absorbed_by
  FROM ledger.directory_accounts AS company
  JOIN ledger.projections AS live
    ON live.name = 'directory' AND live.status = 'live' AND live.generation = company.generation
 WHERE company.subject_id = ANY (CAST(:accounts AS uuid[]))
   AND CAST(company.state AS jsonb) ->> 'absorbed_by' IS NOT NULL

-- name: people_of
-- The leads of companies whose business names no lead: how far each came, and when.
SELECT CAST(lead.account AS text) AS account, CAST(lead.subject_id AS text) AS lead, lead.state
  FROM ledger.directory_leads AS lead
  JOIN ledger.projections AS live
    ON live.name = 'directory' AND live.status = 'live' AND live.generation = lead.generation
 WHERE lead.account = ANY (CAST(:accounts AS uuid[]))
   AND NOT lead.is_absorbed
 ORDER BY lead.account, lead.subject_id

-- name: live
-- The checkpoint up to which all projections that contribution reads have advanced.
SELECT own.generation,
       LEAST(own.position, stays.position, who.position) AS position
  FROM ledger.projections AS own
  JOIN ledger.projections AS stays ON stays.name = 'stage_intervals' AND stays.status = 'live'
  JOIN ledger.projections AS who ON who.name = 'directory' AND who.status = 'live'
 WHERE own.name = 'business' AND own.status = 'live'
