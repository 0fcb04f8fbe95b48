-- name: open_session
-- A session is known by the digest of its token, never by the token itself.
INSERT INTO ledger.page_sessions (session_id, token_digest, key_id, opened_at, last_seen_at)
VALUES (:session_id, :token_digest, :key_id, CAST(:at AS timestamptz), CAST(:at AS timestamptz))

-- name: find_session
-- The session of a token, unless it is too old or has been idle for too long.
SELECT CAST(session_id AS text) AS session_id, key_id, opened_at, last_seen_at
  FROM ledger.page_sessions
 WHERE token_digest = :token_digest
   AND opened_at > :opened_after
   AND last_seen_at > :seen_after

-- name: see_session
-- Using a session keeps it from being idle.
UPDATE ledger.page_sessions
   SET last_seen_at = :at
 WHERE session_id = CAST(:session_id AS uuid)

-- name: end_session
-- A session that ends is deleted: nothing refers to it. With a key, only a session of that key.
DELETE FROM ledger.page_sessions
 WHERE session_id = CAST(:session_id AS uuid)
   AND (CAST(:key_id AS text) IS NULL OR key_id = CAST(:key_id AS text))

-- name: list_sessions
-- Sessions that can be used, of one key or of all, newest first.
SELECT CAST(session.session_id AS text) AS session_id, session.key_id, session.opened_at,
       session.last_seen_at, holder.name
  FROM ledger.page_sessions AS session
  JOIN ledger.api_keys AS holder USING (key_id)
 WHERE session.opened_at > :opened_after
   AND session.last_seen_at > :seen_after
   AND (CAST(:key_id AS text) IS NULL OR key_id = CAST(:key_id AS text))
   AND holder.revoked_at IS NULL
   AND (holder.expires_at IS NULL OR holder.expires_at > :at)
 ORDER BY session.opened_at DESC, session.session_id
 LIMIT :limit

-- name: note_failure
-- A log-in that failed.
INSERT INTO ledger.page_log_in_failures (failed_at, reason, key_id)
VALUES (:failed_at, :reason, :key_id)

-- name: forget_failures
-- Failures that are too old, and the oldest ones of too many: anyone can cause them.
DELETE FROM ledger.page_log_in_failures
 WHERE failed_at <= :failed_after
    OR number <= (SELECT max(number) - :kept FROM ledger.page_log_in_failures)

-- name: list_failures
-- The latest failures, newest first.
SELECT failed_at, reason, key_id
  FROM ledger.page_log_in_failures
 ORDER BY number DESC
 LIMIT :limit

-- name: forget_sessions
-- Sessions that can no longer be used, and the oldest ones of a key that has too many.
DELETE FROM ledger.page_sessions
 WHERE opened_at <= :opened_after
    OR last_seen_at <= :seen_after
    OR session_id IN (
       SELECT session_id
         FROM ledger.page_sessions
        WHERE key_id = :key_id
        ORDER BY opened_at DESC
       OFFSET :kept)
