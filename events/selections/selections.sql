-- name: read_leads
-- Leads whose state contains one of these texts: a coarse filter, which lets through some leads
-- that do not matter but never drops one that does.
SELECT subject.subject_id, subject.state
  FROM ledger.subjects AS subject
 WHERE subject.kind = 'lead'
   AND EXISTS (
       SELECT FROM unnest(CAST(:needles AS text[])) AS needle
        WHERE strpos(subject.state, needle) > 0)

-- name: read_accounts
-- The accounts of some leads.
SELECT subject.subject_id, subject.state
  FROM ledger.subjects AS subject
 WHERE subject.subject_id = ANY (CAST(:subject_ids AS uuid[]))
   AND subject.kind = 'account'

-- name: read_recorded_at
-- When an event was recorded. Recorded time never decreases, so it can be searched by bisection.
SELECT recorded_at FROM ledger.events WHERE position = :position

-- name: read_capacity
-- The capacity declared last for a team, a market and a period.
SELECT event.position, event.record
  FROM ledger.events AS event
 WHERE event.subject_id = '00000000-0000-0000-0000-000000000000'
   AND event.type = 'capacity.declared'
   AND CAST(event.record AS jsonb) -> 'data' @> CAST(:period AS jsonb)
   AND (CAST(:has_market AS boolean)
        OR NOT jsonb_exists(CAST(event.record AS jsonb) -> 'data', 'market'))
 ORDER BY event.position DESC
 LIMIT 1

-- name: read_competing
-- Earlier runs of the same team, market and period.
SELECT event.record
  FROM ledger.events AS event
 WHERE event.subject_id = '00000000-0000-0000-0000-000000000000'
   AND event.type = 'selection.run'
   AND CAST(event.record AS jsonb) -> 'data' @> CAST(:period AS jsonb)
   AND (CAST(:has_market AS boolean)
        OR NOT jsonb_exists(CAST(event.record AS jsonb) -> 'data', 'market'))
 ORDER BY event.position

-- name: read_unfinished
-- Runs that have not been closed.
SELECT event.record
  FROM ledger.events AS event
 WHERE event.subject_id = '00000000-0000-0000-0000-000000000000'
   AND event.type = 'selection.run'
   AND NOT EXISTS (
       SELECT FROM ledger.events AS completed
        WHERE completed.source = 'leadledger' AND completed.id = event.id || '.completed')
 ORDER BY event.position

-- name: read_by_ids
-- The service's own events, by id.
SELECT event.record
  FROM ledger.whole_events AS event
 WHERE event.source = 'leadledger' AND event.id = ANY (CAST(:ids AS text[]))
 ORDER BY event.position

-- name: list_runs
-- Runs, newest first, each with the event that closed it.
SELECT event.position, event.record, completed.record AS completed
  FROM ledger.whole_events AS event
  LEFT JOIN ledger.whole_events AS completed
    ON completed.source = 'leadledger' AND completed.id = event.id || '.completed'
 WHERE event.subject_id = '00000000-0000-0000-0000-000000000000'
   AND event.type = 'selection.run'
   AND event.position < :before
 ORDER BY event.position DESC
 LIMIT :limit
