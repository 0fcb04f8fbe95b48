-- name: read_whole_head
-- The end of the log, and the values from the founding of the ledger.
SELECT ledger_id, position, recorded_at, secret_check, chain, clock_ahead
  FROM ledger.ledger_head

-- name: read_everything
-- The log as it is stored: columns, record, personal data.
SELECT event.position, event.source, event.id, event.subject_id, event.subject_version, event.type,
       event.occurred_at, event.recorded_at, event.leaf, event.record,
       event.first_part, event.last_part, event.seal,
       personal.salt, personal.content, personal.fingerprint,
       acted.salt AS actor_salt, acted.actor
  FROM ledger.events AS event
  LEFT JOIN ledger.event_personal AS personal ON personal.position = event.position
  LEFT JOIN ledger.event_actors AS acted ON acted.position = event.position
 WHERE event.position > :after AND event.position <= :upto
 ORDER BY event.position
 LIMIT :limit

-- name: read_leaves
-- Only records and their leaves.
SELECT position, leaf, record
  FROM ledger.events
 WHERE position > :after AND position <= :upto
 ORDER BY position
 LIMIT :limit

-- name: read_subjects
-- The states on which the writer would decide, page by page.
SELECT subject_id, kind, version, position, state, due_at, lifecycle, account
  FROM ledger.subjects
 WHERE CAST(:after AS uuid) IS NULL OR subject_id > CAST(:after AS uuid)
 ORDER BY subject_id
 LIMIT :limit

-- name: read_refusals
-- Refusals with all their sealed columns, page by page.
SELECT refusal_id, received_at, key_id, source, event_id, type, dialect, content, seal,
       reason, problem, status, position, settled_at, settled_by, dismissal, state_seal
  FROM ledger.refusals
 WHERE CAST(:after AS uuid) IS NULL OR refusal_id > CAST(:after AS uuid)
 ORDER BY refusal_id
 LIMIT :limit

-- name: read_keys
-- Keys with every column that their events also state, page by page.
SELECT key_id, secret_digest, scopes, sources, department, origins, events_per_second, expires_at,
       is_founder, person IS NOT NULL AS is_person, created_at, revoked_at
  FROM ledger.api_keys
 WHERE CAST(:after AS text) IS NULL OR key_id > CAST(:after AS text)
 ORDER BY key_id
 LIMIT :limit

-- name: read_personal_reads
-- Who saw whose personal data, in the order of the chain.
SELECT number, read_at, key_id, page, leads, chain
  FROM ledger.personal_reads
 WHERE CAST(:after AS bigint) IS NULL OR number > CAST(:after AS bigint)
 ORDER BY number
 LIMIT :limit

-- name: count_refusals
-- The number of refusals, which cannot be checked without the secret.
SELECT count(*) FROM ledger.refusals

-- name: count_strays
-- Rows that belong to no position of the log.
SELECT (SELECT count(*) FROM ledger.events
         WHERE position < 1 OR position > CAST(:head AS bigint)) AS events,
       (SELECT count(*) FROM ledger.event_personal
         WHERE position < 1 OR position > CAST(:head AS bigint)) AS event_personal,
       (SELECT count(*) FROM ledger.event_actors
         WHERE position < 1 OR position > CAST(:head AS bigint)) AS event_actors,
       (SELECT count(*) FROM ledger.identifiers
         WHERE position < 1 OR position > CAST(:head AS bigint)) AS identifiers

-- name: read_set_aside
-- Leads that a fault keeps from being brought up to date, and from being decided again.
SELECT CAST(lead_id AS text)
  FROM ledger.leads_set_aside

-- name: read_selection_runs
-- Every selection run, read in advance: the position at which a run read its leads must be known
-- before the audit reaches it.
SELECT record
  FROM ledger.whole_events
 WHERE subject_id = '00000000-0000-0000-0000-000000000000' AND type = 'selection.run'
 ORDER BY position
