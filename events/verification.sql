-- name: read_clock
-- How far the clock of this ledger has been turned.
SELECT clock_ahead
  FROM ledger.ledger_head

-- name: read_everything
-- The log as it is stored: columns, record, and what lies beside it.
SELECT event.position, event.source, event.id, event.subject_id, event.subject_version, event.type,
       event.occurred_at, event.recorded_at, event.leaf, event.record,
       personal.salt, personal.content
  FROM ledger.events AS event
  LEFT JOIN ledger.event_personal AS personal ON personal.position = event.position
 WHERE event.position > :after AND event.position <= :upto
 ORDER BY event.position
 LIMIT :limit

-- name: read_leaves
-- Records and their fingerprints, nothing else.
SELECT position, leaf, record
  FROM ledger.events
 WHERE position > :after AND position <= :upto
 ORDER BY position
 LIMIT :limit

-- name: read_subjects
-- What the writer would decide on, page by page.
SELECT subject_id, kind, version, position, state
  FROM ledger.subjects
 WHERE CAST(:after AS uuid) IS NULL OR subject_id > CAST(:after AS uuid)
 ORDER BY subject_id
 LIMIT :limit

-- name: read_links
-- Which kinds of identifiers were pointed by which events, and to whom.
SELECT position, kind, subject_id
  FROM ledger.identifiers
 WHERE position > :after AND position <= :upto
 ORDER BY position

-- name: read_selection_runs
-- Every selection run: where it read its leads is known before the log is read up to there.
SELECT record
  FROM ledger.events
 WHERE subject_id = '00000000-0000-0000-0000-000000000000' AND type = 'selection.run'
 ORDER BY position
