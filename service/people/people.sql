-- name: read_personal
-- The latest personal data of some leads, newest first. A lead with a long history is mostly visits
-- without any, so the search is bounded.
SELECT CAST(asked.subject_id AS text) AS subject_id, found.position, found.type, found.occurred_at,
       found.content
  FROM unnest(CAST(:subject_ids AS uuid[])) AS asked (subject_id)
 CROSS JOIN LATERAL (
       SELECT event.position, event.type, event.occurred_at, personal.content
         FROM (SELECT position, type, occurred_at
                 FROM ledger.events
                WHERE subject_id = asked.subject_id
                ORDER BY subject_version DESC
                LIMIT :searched) AS event
         JOIN ledger.event_personal AS personal ON personal.position = event.position
        WHERE octet_length(personal.content) > 0
        ORDER BY event.position DESC
        LIMIT :kept
       ) AS found
 ORDER BY found.position DESC

-- name: read_taken_away
-- Events that were found to be about somebody else, or not to have happened.
SELECT event.record
  FROM ledger.whole_events AS event
 WHERE event.subject_id = ANY (CAST(:subject_ids AS uuid[]))
   AND event.type IN ('identity.unlinked', 'event.voided')

-- name: read_index
-- Personal data in the order of the log, for the index of names.
SELECT event.position, CAST(event.subject_id AS text) AS subject_id, personal.content
  FROM ledger.event_personal AS personal
  JOIN ledger.events AS event ON event.position = personal.position
 WHERE personal.position > :after
   AND octet_length(personal.content) > 0
 ORDER BY personal.position
 LIMIT :limit

-- name: lock_reads
-- Reads are numbered without gaps, so one is recorded after another.
SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))

-- name: last_read
-- The end of the chain.
SELECT number, chain
  FROM ledger.personal_reads
 ORDER BY number DESC
 LIMIT 1

-- name: insert_read
-- One look at some leads.
INSERT INTO ledger.personal_reads (number, read_at, key_id, page, leads, chain)
VALUES (:number, :read_at, :key_id, :page, CAST(:leads AS uuid[]), :chain)

-- name: list_reads
-- Reads, newest first.
SELECT number, read_at, key_id, page, leads, chain
  FROM ledger.personal_reads
 WHERE number < :before
 ORDER BY number DESC
 LIMIT :limit

-- name: last_sealed
-- The last seal in the log.
SELECT record
  FROM ledger.events
 WHERE subject_id = '00000000-0000-0000-0000-000000000000'
   AND type = 'personal.reads_sealed'
 ORDER BY position DESC
 LIMIT 1

-- name: keep_search
-- What was searched for, under the digest of its token.
INSERT INTO ledger.page_searches (token_digest, session_id, term, searched_at)
VALUES (:token_digest, CAST(:session_id AS uuid), :term, :searched_at)

-- name: find_search
-- What a token stands for, in the session that searched.
SELECT term
  FROM ledger.page_searches
 WHERE token_digest = :token_digest
   AND session_id = CAST(:session_id AS uuid)
   AND searched_at > :searched_after

-- name: forget_searches
-- Searches whose time is over, and the oldest ones of a session that has too many.
DELETE FROM ledger.page_searches
 WHERE searched_at <= :searched_after
    OR token_digest IN (
       SELECT token_digest
         FROM ledger.page_searches
        WHERE session_id = CAST(:session_id AS uuid)
        ORDER BY searched_at DESC
       OFFSET :kept)
