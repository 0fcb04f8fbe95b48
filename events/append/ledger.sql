-- name: read_head
-- The end of the log, and the clock that all writers share.
SELECT position, recorded_at, chain, clock_timestamp() + clock_ahead AS database_time
  FROM ledger.ledger_head

-- name: lock_head
-- From here to commit, only this transaction writes to this ledger.
SELECT position, recorded_at, chain, clock_timestamp() + clock_ahead AS database_time
  FROM ledger.ledger_head
   FOR UPDATE

-- name: append
-- One round trip: writes only if the head is where the writer expects it.
SELECT outcome, head_position, database_time
  FROM ledger.append(
       :expected_position, :proposed_at,
       :sources, :ids, :subject_ids, :subject_versions, :types,
       :occurred, :leaves, :records, :first_parts, :last_parts, :seals, :chain_end,
       :personal_positions, :personal_salts, :personal_contents, :personal_fingerprints,
       :actor_positions, :actor_salts, :actors,
       :state_ids, :state_kinds, :state_versions, :state_positions, :states,
       :state_dues, :state_wakes, :state_lifecycles,
       :link_digests, :link_positions, :link_kinds, :link_subjects, :link_moves,
       :refusal_ids, :refusal_times, :refusal_keys, :refusal_sources,
       :refusal_event_ids, :refusal_types, :refusal_reasons,
       :refusal_problems, :refusal_contents, :refusal_dialects,
       :refusal_seals, :refusal_state_seals,
       :intake_day, :intake_sources, :intake_outcomes, :intake_reasons, :intake_items,
       :intake_sources_max)

-- name: find_keys
-- Which keys of a batch are already events: looked up before any state is read. The fingerprint of
-- an event about an erased person is gone.
SELECT event.source, event.id, event.position, event.leaf,
       nullif(personal.fingerprint, '') AS fingerprint
  FROM unnest(CAST(:sources AS text[]), CAST(:ids AS text[])) AS asked (source, id)
  JOIN ledger.events AS event
    ON event.source = asked.source AND event.id = asked.id
  LEFT JOIN ledger.event_personal AS personal ON personal.position = event.position

-- name: find_pointers
-- Where identifiers point now, and the head's position at that time. For a cookie, which many
-- people may have used, only the newest pointer; for any other identifier every pointer, rarely
-- more than one.
SELECT head.position AS head_position, link.digest, link.kind, link.subject_id, link.is_moved
  FROM ledger.ledger_head AS head
  LEFT JOIN LATERAL (
       SELECT DISTINCT ON (
              identifier.digest,
              CASE WHEN identifier.kind <> 'anonymous_id' THEN identifier.position END)
              identifier.digest, identifier.kind, identifier.subject_id, identifier.position,
              identifier.is_moved
         FROM ledger.identifiers AS identifier
        WHERE identifier.digest = ANY (CAST(:digests AS bytea[]))
        ORDER BY identifier.digest,
              CASE WHEN identifier.kind <> 'anonymous_id' THEN identifier.position END,
              identifier.position DESC
       ) AS link ON true
 ORDER BY link.position

-- name: find_subjects
-- States of subjects, and the head's position at that time.
SELECT head.position AS head_position, subject.subject_id, subject.kind, subject.version,
       subject.position, subject.state
  FROM ledger.ledger_head AS head
  LEFT JOIN ledger.subjects AS subject
    ON subject.subject_id = ANY (CAST(:subject_ids AS uuid[]))

-- name: read_records
-- The log in order: how a writer reads what other writers have appended.
SELECT position, record
  FROM ledger.whole_events
 WHERE position > :after
 ORDER BY position
 LIMIT :limit

-- name: read_links
-- Identifiers that were linked in a range of the log, the newest link last.
SELECT position, digest, kind, subject_id, is_moved
  FROM ledger.identifiers
 WHERE position > :after AND position <= :upto
 ORDER BY position

-- name: read_lifecycles
-- Every published lifecycle; the one with the highest position is in force.
SELECT event.position, event.record
  FROM ledger.whole_events AS event
 WHERE event.subject_id = '00000000-0000-0000-0000-000000000000'
   AND event.type = 'lifecycle.published'
   AND event.position > :after
 ORDER BY event.position

-- name: count_standing
-- Leads and accounts per stage, and the head's position at that time. Read only before a
-- publication.
SELECT head.position AS head_position, counted.kind, counted.stage, counted.lifecycle,
       counted.standing
  FROM ledger.ledger_head AS head
  LEFT JOIN LATERAL (
       SELECT subject.kind, subject.lifecycle, CAST(subject.state AS json) ->> 'stage' AS stage,
              count(*) AS standing
         FROM ledger.subjects AS subject
        WHERE subject.kind IN ('lead', 'account')
        GROUP BY 1, 2, 3
       ) AS counted ON true

-- name: find_members
-- Leads of companies, ordered by id, and the head's position at that time.
SELECT head.position AS head_position, lead.account, lead.subject_id
  FROM ledger.ledger_head AS head
  LEFT JOIN ledger.subjects AS lead
    ON lead.account = ANY (CAST(:companies AS uuid[]))
   AND lead.kind = 'lead'
 ORDER BY lead.account, lead.subject_id

-- name: read_newest_lifecycle
-- The position at which the lifecycle in force was published.
SELECT max(event.position)
  FROM ledger.events AS event
 WHERE event.type = 'lifecycle.published'

-- name: find_outdated
-- Leads under an older lifecycle, after a given id, oldest version first. Leads that are set aside
-- are skipped; otherwise they would block all leads under a later version.
SELECT CAST(subject.subject_id AS text)
  FROM ledger.subjects AS subject
 WHERE subject.kind = 'lead'
   AND subject.lifecycle = (
       SELECT oldest.lifecycle
         FROM ledger.subjects AS oldest
        WHERE oldest.kind = 'lead'
          AND NOT EXISTS (SELECT FROM ledger.leads_set_aside AS aside
                           WHERE aside.lead_id = oldest.subject_id)
        ORDER BY oldest.lifecycle
        LIMIT 1)
   AND subject.lifecycle < :version
   AND subject.subject_id > CAST(:after AS uuid)
   AND NOT EXISTS (SELECT FROM ledger.leads_set_aside AS aside
                    WHERE aside.lead_id = subject.subject_id)
 ORDER BY subject.subject_id
 LIMIT :limit

-- name: find_due
-- Leads with a due timer, the longest overdue first. The time is read once, as a scalar: a volatile
-- expression cannot bound an index scan, and every waiting lead would be read each time. Leads that
-- are set aside stay due and would always come first, so they are skipped.
SELECT CAST(subject.subject_id AS text)
  FROM ledger.subjects AS subject
 WHERE subject.wake_at <= (
       SELECT clock_timestamp() + head.clock_ahead FROM ledger.ledger_head AS head)
   AND NOT EXISTS (SELECT FROM ledger.leads_set_aside AS aside
                    WHERE aside.lead_id = subject.subject_id)
 ORDER BY subject.wake_at
 LIMIT :limit

-- name: find_pending
-- Which of some leads with long histories wait to be decided again. An attribute may have this name as
-- well: the state is read before anything is decided.
SELECT CAST(subject.subject_id AS text)
  FROM ledger.subjects AS subject
 WHERE subject.subject_id = ANY (CAST(:lead_ids AS uuid[]))
   AND subject.version > :events
   AND strpos(subject.state, '"pending"') > 0

-- name: stop_waiting
-- All earlier events have been reported: look at the timers that are due already.
UPDATE ledger.subjects AS subject
   SET wake_at = subject.due_at
  FROM (SELECT waiting.subject_id
          FROM ledger.subjects AS waiting
         WHERE waiting.wake_at > (
               SELECT statement_timestamp() + head.clock_ahead FROM ledger.ledger_head AS head)
           AND waiting.wake_at > waiting.due_at
         LIMIT :limit) AS waiting
 WHERE subject.subject_id = waiting.subject_id

-- name: set_aside
-- Leads that an internal error keeps from being brought up to date, and when to retry them.
INSERT INTO ledger.leads_set_aside AS aside (
       lead_id, position, since, tries, retry_at, error, place)
SELECT failed.lead_id, :position, statement_timestamp(), 1,
       statement_timestamp() + make_interval(secs => LEAST(
           CAST(:first_pause_s AS double precision) * power(2, LEAST(COALESCE(held.tries, 0), 30)),
           CAST(:longest_pause_s AS double precision))),
       failed.error, failed.place
  FROM unnest(CAST(:lead_ids AS uuid[]), CAST(:errors AS text[]), CAST(:places AS text[]))
       AS failed (lead_id, error, place)
  LEFT JOIN ledger.leads_set_aside AS held USING (lead_id)
 ORDER BY failed.lead_id
    ON CONFLICT (lead_id) DO UPDATE
   SET tries = aside.tries + 1,
       retry_at = excluded.retry_at,
       error = excluded.error,
       place = excluded.place

-- name: find_retried
-- Leads that were set aside and whose retry is due.
SELECT CAST(aside.lead_id AS text) AS lead_id, aside.tries
  FROM ledger.leads_set_aside AS aside
 WHERE aside.retry_at <= clock_timestamp()
 ORDER BY aside.retry_at
 LIMIT :limit

-- name: find_set_aside
-- A given lead, if it is set aside.
SELECT CAST(aside.lead_id AS text) AS lead_id, aside.tries
  FROM ledger.leads_set_aside AS aside
 WHERE aside.lead_id = CAST(:lead_id AS uuid)

-- name: restore
-- Leads that were retried and did not fail again: a further failure would have increased `tries`.
DELETE FROM ledger.leads_set_aside AS aside
 USING unnest(CAST(:lead_ids AS uuid[]), CAST(:tries AS bigint[])) AS tried (lead_id, tries)
 WHERE aside.lead_id = tried.lead_id AND aside.tries = tried.tries
RETURNING CAST(aside.lead_id AS text)

-- name: retry_all
-- A restart may bring the fix, so every lead is retried at once.
UPDATE ledger.leads_set_aside
   SET retry_at = statement_timestamp()

-- name: limit_waits
-- Timeouts of this transaction only: a pooler may run the next one in another session.
SELECT set_config('lock_timeout', '5s', true),
       set_config('statement_timeout', '60s', true),
       set_config('idle_in_transaction_session_timeout', '60s', true)

-- name: find_records
-- Single records with the deals and orders by which each can be found, and the head's position at
-- that time.
SELECT head.position AS head_position, event.position, event.record, reference.kinds,
       reference.digests
  FROM ledger.ledger_head AS head
  LEFT JOIN ledger.whole_events AS event
    ON event.position = ANY (CAST(:positions AS bigint[]))
  LEFT JOIN LATERAL (
       SELECT array_agg(identifier.kind) AS kinds, array_agg(identifier.digest) AS digests
         FROM ledger.identifiers AS identifier
        WHERE identifier.position = event.position
          AND identifier.kind IN ('opportunity', 'order')
       ) AS reference ON true

-- name: read_histories
-- What was recorded about some subjects up to a position, and the head's position: per subject no
-- more events than are decided again. Ordered by version, by which a subject's events are indexed.
SELECT head.position AS head_position, CAST(asked.subject_id AS text) AS subject_id, event.record
  FROM ledger.ledger_head AS head
 CROSS JOIN unnest(CAST(:subject_ids AS uuid[])) AS asked (subject_id)
  LEFT JOIN LATERAL (
       SELECT subject_version, record
         FROM ledger.whole_events AS one
        WHERE one.subject_id = asked.subject_id
          AND one.position <= :upto
        ORDER BY subject_version
        LIMIT :limit
       ) AS event ON true
 ORDER BY asked.subject_id, event.subject_version

-- name: read_declared
-- Events of one type about the ledger up to a position, and the head's position at that time.
SELECT head.position AS head_position, event.record
  FROM ledger.ledger_head AS head
  LEFT JOIN LATERAL (
       SELECT position, record
         FROM ledger.whole_events
        WHERE subject_id = '00000000-0000-0000-0000-000000000000'
          AND type = :type
          AND position <= :upto
        ORDER BY position
        LIMIT :limit
       ) AS event ON true

-- name: read_standing
-- The ledger's state while its lock is held: enough to append events about the ledger itself.
SELECT head.position, head.recorded_at, head.chain,
       clock_timestamp() + head.clock_ahead AS database_time,
       subject.version,
       (SELECT count(*)
          FROM ledger.events AS event
         WHERE event.subject_id = '00000000-0000-0000-0000-000000000000'
           AND event.type = 'lifecycle.published') AS lifecycles
  FROM ledger.ledger_head AS head
  JOIN ledger.subjects AS subject
    ON subject.subject_id = '00000000-0000-0000-0000-000000000000'
