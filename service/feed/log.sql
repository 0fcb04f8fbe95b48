-- name: read_feed
-- A stretch of the log and its end, at one moment. With a filter the stretch is bounded by
-- positions, so that a rare type or stage does not scan the whole log in one request.
SELECT head.position AS head, event.position, event.record
  FROM ledger.ledger_head AS head
  LEFT JOIN LATERAL (
       SELECT position, record
         FROM ledger.events
        WHERE position > :after
          AND position <= :upto
          AND (CAST(:types AS text[]) IS NULL
               OR type = ANY (CAST(:types AS text[]))
               OR ledger.restates(type, record, 'types', CAST(:types AS text[])))
          AND (CAST(:stages AS text[]) IS NULL
               OR ledger.touches_stage(record, CAST(:stages AS text[]))
               OR ledger.restates(type, record, 'stages', CAST(:stages AS text[])))
        ORDER BY position
        LIMIT :limit
       ) AS event ON true
 ORDER BY event.position

-- name: read_tail
-- The newest events, with the values that filters need, once for all readers that follow the log;
-- and the end of the log, because an older copy may have been restored in the meantime.
SELECT head.position AS head, event.position, event.type, event.record,
       CASE WHEN strpos(event.record, '"stage') > 0 THEN CAST(event.record AS json) ->> 'stagefrom' END
       AS stage_from,
       CASE WHEN strpos(event.record, '"stage') > 0 THEN CAST(event.record AS json) ->> 'stageto' END
       AS stage_to,
       CASE WHEN event.type IN ('lead.restated', 'account.restated')
            THEN ARRAY (SELECT json_array_elements_text(CAST(event.record AS json) #> '{data,types}'))
       END AS types,
       CASE WHEN event.type IN ('lead.restated', 'account.restated')
            THEN ARRAY (SELECT json_array_elements_text(CAST(event.record AS json) #> '{data,stages}'))
       END AS stages
  FROM ledger.ledger_head AS head
  LEFT JOIN LATERAL (
       SELECT position, type, record
         FROM ledger.events
        WHERE position > :after
        ORDER BY position
        LIMIT :limit
       ) AS event ON true
 ORDER BY event.position

-- name: read_head
-- The last position of the log.
SELECT position FROM ledger.ledger_head

-- name: read_subject
-- The current state of one lead or account, and the position of the ledger at which it was read.
SELECT head.position AS head, subject.kind, subject.version, subject.position, subject.state
  FROM ledger.ledger_head AS head
  LEFT JOIN ledger.subjects AS subject ON subject.subject_id = :subject_id

-- name: read_leads
-- The current states of some leads, and the position of the ledger at which they were read.
SELECT head.position AS head, CAST(lead.subject_id AS text) AS id, lead.version, lead.position,
       lead.state
  FROM ledger.ledger_head AS head
  JOIN ledger.subjects AS lead ON lead.subject_id = ANY (CAST(:lead_ids AS uuid[]))
 WHERE lead.kind = 'lead'

-- name: read_pointers
-- Where identifiers point now: a cookie to the latest subject, any other to every subject reported
-- under it since it was last taken away from one.
SELECT DISTINCT ON (
       identifier.digest,
       CASE WHEN identifier.kind <> 'anonymous_id' THEN identifier.subject_id END)
       identifier.digest, identifier.kind, identifier.subject_id
  FROM ledger.identifiers AS identifier
 WHERE identifier.digest = ANY (CAST(:digests AS bytea[]))
   AND NOT EXISTS (
       SELECT 1
         FROM ledger.identifiers AS moved
        WHERE moved.digest = identifier.digest
          AND moved.position > identifier.position
          AND moved.is_moved)
 ORDER BY identifier.digest,
       CASE WHEN identifier.kind <> 'anonymous_id' THEN identifier.subject_id END,
       identifier.position DESC

-- name: read_history
-- Records of some subjects, and some single records, in the order of the ledger. The positions are
-- collected first: otherwise the planner might walk the whole log in order.
WITH mine AS MATERIALIZED (
     SELECT event.position
       FROM ledger.events AS event
      WHERE event.subject_id = ANY (CAST(:subject_ids AS uuid[]))
        AND event.position > :after
        AND event.position <= :upto
      UNION
     SELECT also.position
       FROM unnest(CAST(:also AS bigint[])) AS also (position)
      WHERE also.position > :after
        AND also.position <= :upto
      ORDER BY position
      LIMIT :limit
)
SELECT event.position, event.record
  FROM mine
  JOIN ledger.whole_events AS event ON event.position = mine.position
 ORDER BY event.position

-- name: read_latest_acts
-- The latest events of some types of each of some subjects, newest first. The search is bounded: a
-- lead with a long history of other events shows fewer.
SELECT CAST(asked.subject_id AS text) AS subject_id, found.position, found.type, found.occurred_at
  FROM unnest(CAST(:subject_ids AS uuid[])) AS asked (subject_id)
 CROSS JOIN LATERAL (
       SELECT latest.position, latest.type, latest.occurred_at
         FROM (SELECT position, type, occurred_at
                 FROM ledger.events
                WHERE subject_id = asked.subject_id
                ORDER BY subject_version DESC
                LIMIT :searched) AS latest
        WHERE latest.type = ANY (CAST(:types AS text[]))
        ORDER BY latest.occurred_at DESC, latest.position DESC
        LIMIT :limit
       ) AS found
 ORDER BY found.occurred_at DESC, found.position DESC

-- name: read_backwards
-- A stretch of the log, newest first, of events of some types only.
SELECT event.position, event.record
  FROM ledger.whole_events AS event
 WHERE event.position < :before
   AND event.position >= :from
   AND event.type = ANY (CAST(:types AS text[]))
 ORDER BY event.position DESC
 LIMIT :limit

-- name: history_start
-- Where the latest events of some subjects before a position begin, for pages that show them newest
-- first. Null if there are none.
SELECT min(latest.position) AS position
  FROM (
       SELECT event.position
         FROM ledger.events AS event
        WHERE event.subject_id = ANY (CAST(:subject_ids AS uuid[]))
          AND event.position < :before
        UNION
       SELECT also.position
         FROM unnest(CAST(:also AS bigint[])) AS also (position)
        WHERE also.position < :before
        ORDER BY position DESC
        LIMIT :limit
       ) AS latest

-- name: read_types
-- The types of some events: the causes of others.
SELECT event.position, event.type
  FROM ledger.events AS event
 WHERE event.position = ANY (CAST(:positions AS bigint[]))

-- name: read_records
-- Single events by position.
SELECT event.position, event.record
  FROM ledger.whole_events AS event
 WHERE event.position = ANY (CAST(:positions AS bigint[]))

-- name: read_personal
-- The personal data of some events, and who reported them.
SELECT asked.position, personal.content, acted.actor
  FROM unnest(CAST(:positions AS bigint[])) AS asked (position)
  LEFT JOIN ledger.event_personal AS personal ON personal.position = asked.position
  LEFT JOIN ledger.event_actors AS acted ON acted.position = asked.position

-- name: read_taken_back
-- Events that changed earlier events of some subjects: voided, corrected, moved, redecided.
SELECT event.position, event.record
  FROM ledger.whole_events AS event
 WHERE event.subject_id = ANY (CAST(:subject_ids AS uuid[]))
   AND event.position <= :upto
   AND event.type IN ('event.voided', 'event.corrected', 'identity.unlinked', 'lead.restated')
 ORDER BY event.position

-- name: read_by_keys
-- The events recorded under some keys, with their personal data unless it was erased.
SELECT event.source, event.id, event.position, event.record, personal.content, acted.actor
  FROM unnest(CAST(:sources AS text[]), CAST(:ids AS text[])) AS asked (source, id)
  JOIN ledger.whole_events AS event
    ON event.source = asked.source AND event.id = asked.id
  LEFT JOIN ledger.event_personal AS personal ON personal.position = event.position
  LEFT JOIN ledger.event_actors AS acted ON acted.position = event.position

-- name: read_to_be_judged
-- What may need a person's judgement, by the index of these events, with its current subject.
SELECT head.position AS head, event.position, event.record, event.subject_id, subject.state
  FROM ledger.ledger_head AS head
  LEFT JOIN LATERAL (
       SELECT position, record, subject_id
         FROM ledger.whole_events
        WHERE type IN ('identity.conflicted', 'account.conflicted', 'lead.restated')
          AND position > :after
        ORDER BY position
        LIMIT :limit
       ) AS event ON true
  LEFT JOIN ledger.subjects AS subject ON subject.subject_id = event.subject_id
 ORDER BY event.position

-- name: read_set_aside
-- Leads that a fault of the service prevents from being brought up to date, in a stretch of the
-- log. With ties: several may have been set aside at one position, and paging continues by
-- position.
SELECT CAST(lead_id AS text) AS lead_id, position, since, tries, retry_at, error, place
  FROM ledger.leads_set_aside
 WHERE position > :after
   AND position <= :upto
 ORDER BY position
 FETCH FIRST :limit ROWS WITH TIES
