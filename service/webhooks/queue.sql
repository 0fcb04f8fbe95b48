-- name: limit_waits
-- Timeouts for this transaction only: a pooler may give the next one a different session.
SELECT set_config('lock_timeout', '5s', true),
       set_config('statement_timeout', '60s', true),
       set_config('idle_in_transaction_session_timeout', '60s', true)

-- name: strand
-- Webhooks whose position is beyond the log: an older copy has been restored. Continuing would skip
-- the next events, up to that position.
UPDATE ledger.webhooks AS webhook
   SET is_enabled = false,
       disabled_reason = 'the log ends at position ' || head.position || ', before the webhook''s '
                      || 'place, ' || webhook.position || ': an older copy of the ledger was '
                      || 'restored; remove the webhook, and make one that begins where the '
                      || 'receiver is'
  FROM ledger.ledger_head AS head
 WHERE webhook.is_enabled AND webhook.position > head.position
RETURNING webhook.webhook_id, webhook.disabled_reason

-- name: look
-- The webhooks that have something to queue or to send. Uses the statement's time, here and in
-- `claim`: a time that could differ from row to row cannot bound an index scan, and every waiting
-- row would be read each time.
SELECT webhook.webhook_id,
       webhook.position < head.position AS is_behind,
       webhook.position > head.position AS is_stranded,
       EXISTS (SELECT
                 FROM ledger.webhook_deliveries AS delivery
                WHERE delivery.webhook_id = webhook.webhook_id
                  AND delivery.status = 'pending'
                  AND delivery.due_at <= statement_timestamp()
                  AND (delivery.claimed_until IS NULL
                       OR delivery.claimed_until <= statement_timestamp())) AS has_due
  FROM ledger.webhooks AS webhook
 CROSS JOIN ledger.ledger_head AS head
 WHERE webhook.is_enabled
 ORDER BY webhook.webhook_id

-- name: take
-- Election and fencing in one: the transaction that holds this row queues, until it ends.
SELECT webhook.position, webhook.types, webhook.stages
  FROM ledger.webhooks AS webhook
 WHERE webhook.webhook_id = :webhook_id AND webhook.is_enabled
   FOR UPDATE SKIP LOCKED

-- name: room
-- How many more may be queued.
SELECT :pending_max - count(*)
  FROM (SELECT
          FROM ledger.webhook_deliveries
         WHERE webhook_id = :webhook_id AND status = 'pending'
         LIMIT :pending_max) AS queued

-- name: queue
-- The next stretch of the log, and how far it reached, in one transaction: they always agree.
WITH stretch AS MATERIALIZED (
     SELECT event.position, event.subject_id
       FROM ledger.events AS event
      WHERE event.position > :after
        AND event.position <= CAST(:after AS bigint) + :scan
        AND (CAST(:types AS text[]) IS NULL
             OR event.type = ANY (CAST(:types AS text[]))
             OR ledger.restates(event.type, event.record, 'types', CAST(:types AS text[])))
        AND (CAST(:stages AS text[]) IS NULL
             OR ledger.touches_stage(event.record, CAST(:stages AS text[]))
             OR ledger.restates(event.type, event.record, 'stages', CAST(:stages AS text[])))
      ORDER BY event.position
      LIMIT :limit
),
reached AS (
     SELECT CASE WHEN (SELECT count(*) FROM stretch) = :limit
                 THEN (SELECT max(stretch.position) FROM stretch)
                 ELSE greatest(:after, least(CAST(:after AS bigint) + :scan, head.position))
            END AS position
       FROM ledger.ledger_head AS head
),
queued AS (
     INSERT INTO ledger.webhook_deliveries (webhook_id, position, subject_id, status, attempts,
                                            due_at)
     SELECT CAST(:webhook_id AS uuid), stretch.position, stretch.subject_id, 'pending', 0,
            statement_timestamp()
       FROM stretch
         ON CONFLICT (webhook_id, position) DO NOTHING
)
UPDATE ledger.webhooks AS webhook
   SET position = reached.position
  FROM reached
 WHERE webhook.webhook_id = :webhook_id
RETURNING webhook.position

-- name: claim
-- What is due, unless an earlier event of the same subject is still queued: a failing event holds
-- back only its own lead. From here it belongs to this process until the lease ends. Whether it is
-- the first is asked as a scalar, because NOT EXISTS becomes a join, which without statistics (the
-- table is empty most of the time) reads the whole queue for each row.
WITH due AS (
     SELECT delivery.webhook_id, delivery.position
       FROM unnest(CAST(:webhook_ids AS uuid[]), CAST(:slots AS bigint[]))
            AS asked (webhook_id, slots)
      CROSS JOIN LATERAL (
            SELECT candidate.webhook_id, candidate.position
              FROM ledger.webhook_deliveries AS candidate
             WHERE candidate.webhook_id = asked.webhook_id
               AND candidate.status = 'pending'
               AND candidate.due_at <= statement_timestamp()
               AND (candidate.claimed_until IS NULL
                    OR candidate.claimed_until <= statement_timestamp())
               AND candidate.position = (
                   SELECT first.position
                     FROM ledger.webhook_deliveries AS first
                    WHERE first.webhook_id = candidate.webhook_id
                      AND first.subject_id = candidate.subject_id
                      AND first.status = 'pending'
                    ORDER BY first.position
                    LIMIT 1)
             ORDER BY candidate.due_at, candidate.position
             LIMIT asked.slots
               FOR UPDATE SKIP LOCKED
            ) AS delivery
),
claimed AS (
     UPDATE ledger.webhook_deliveries AS delivery
        SET attempts = delivery.attempts + 1,
            claimed_until = statement_timestamp() + make_interval(secs => :lease_s)
       FROM due
      WHERE delivery.webhook_id = due.webhook_id AND delivery.position = due.position
     RETURNING delivery.webhook_id, delivery.position, delivery.attempts
)
SELECT claimed.webhook_id, claimed.position, claimed.attempts, webhook.url,
       webhook.failing_since IS NOT NULL AS is_failing,
       ARRAY (SELECT secret.sealed
                FROM ledger.webhook_secrets AS secret
               WHERE secret.webhook_id = claimed.webhook_id
                 AND (secret.retires_at IS NULL OR secret.retires_at > statement_timestamp())
               ORDER BY secret.number DESC) AS sealed,
       head.ledger_id, event.record
  FROM claimed
  JOIN ledger.webhooks AS webhook ON webhook.webhook_id = claimed.webhook_id
  JOIN ledger.events AS event ON event.position = claimed.position
 CROSS JOIN ledger.ledger_head AS head
 ORDER BY claimed.position

-- name: delivered
-- The receiver has it: the row is no longer needed.
DELETE FROM ledger.webhook_deliveries
 WHERE webhook_id = :webhook_id AND position = :position

-- name: recovered
-- The receiver accepts messages again.
UPDATE ledger.webhooks
   SET failing_since = NULL
 WHERE webhook_id = :webhook_id AND failing_since IS NOT NULL

-- name: failed
-- To be retried, or given up. Only by the process that made this attempt: another may have taken
-- over when the lease ended. Later events of the subject are due no sooner, so that they are not
-- looked at.
WITH failed AS (
     UPDATE ledger.webhook_deliveries
        SET status = :status,
            due_at = statement_timestamp() + make_interval(secs => :pause_s),
            claimed_until = NULL,
            failure = :failure,
            failed_at = statement_timestamp()
      WHERE webhook_id = :webhook_id AND position = :position AND attempts = :attempts
        AND status = 'pending'
     RETURNING webhook_id, position, subject_id, status, due_at
)
UPDATE ledger.webhook_deliveries AS behind
   SET due_at = failed.due_at
  FROM failed
 WHERE failed.status = 'pending'
   AND behind.webhook_id = failed.webhook_id
   AND behind.subject_id = failed.subject_id
   AND behind.status = 'pending'
   AND behind.position > failed.position
   AND behind.due_at < failed.due_at

-- name: failing
-- The webhook itself: since when it has failed (LEAST ignores nulls, and Citus takes no COALESCE
-- with a time here), and whether that is too long. A row: it has just been disabled.
UPDATE ledger.webhooks AS webhook
   SET failing_since = LEAST(webhook.failing_since, statement_timestamp()),
       is_enabled = NOT judged.is_over,
       disabled_reason = CASE WHEN judged.is_over THEN CAST(:reason AS text) END
  FROM (SELECT held.webhook_id,
               :is_gone OR (held.failing_since < statement_timestamp()
                            - make_interval(secs => :fails_at_most_s)) IS TRUE AS is_over
          FROM ledger.webhooks AS held
         WHERE held.webhook_id = :webhook_id
           FOR UPDATE) AS judged
 WHERE webhook.webhook_id = judged.webhook_id
   AND webhook.is_enabled
   AND (judged.is_over OR webhook.failing_since IS NULL)
RETURNING judged.is_over

-- name: release
-- An interrupted attempt does not count.
UPDATE ledger.webhook_deliveries
   SET claimed_until = NULL, attempts = attempts - 1
 WHERE webhook_id = :webhook_id AND position = :position AND attempts = :attempts
   AND claimed_until IS NOT NULL

-- name: list_dead
-- Events that were given up, paged by position.
SELECT delivery.position, event.type, delivery.attempts, delivery.failure, delivery.failed_at
  FROM ledger.webhook_deliveries AS delivery
  JOIN ledger.events AS event ON event.position = delivery.position
 WHERE delivery.webhook_id = :webhook_id
   AND delivery.status = 'dead'
   AND delivery.position > :after
 ORDER BY delivery.position
 LIMIT :limit

-- name: replay
-- One dead letter, or all, starting again with the first attempt.
UPDATE ledger.webhook_deliveries
   SET status = 'pending', attempts = 0, due_at = statement_timestamp(), claimed_until = NULL
 WHERE webhook_id = :webhook_id
   AND status = 'dead'
   AND (CAST(:position AS bigint) IS NULL OR position = :position)

-- name: totals
-- For the metrics: what is waiting, what was given up, and the age of the oldest undelivered event.
SELECT coalesce(sum(queue.pending), 0) AS pending,
       coalesce(sum(queue.dead), 0) AS dead,
       count(*) FILTER (WHERE NOT webhook.is_enabled) AS disabled,
       CAST(coalesce(max(greatest(extract(epoch FROM clock_timestamp() - event.recorded_at), 0))
                     FILTER (WHERE webhook.is_enabled), 0) AS double precision) AS lag_s
  FROM ledger.webhooks AS webhook
 CROSS JOIN LATERAL (
       SELECT count(*) FILTER (WHERE status = 'pending') AS pending,
              count(*) FILTER (WHERE status = 'dead') AS dead,
              min(delivery.position) FILTER (WHERE status = 'pending') AS oldest
         FROM ledger.webhook_deliveries AS delivery
        WHERE delivery.webhook_id = webhook.webhook_id
       ) AS queue
  LEFT JOIN ledger.events AS event
    ON event.position = coalesce(queue.oldest, webhook.position + 1)
