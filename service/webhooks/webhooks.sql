-- name: insert_webhook
-- Begins after the given position, or at the end of the log. No row: the limit is reached.
INSERT INTO ledger.webhooks (webhook_id, url, description, types, stages, position, is_enabled,
                             created_at)
SELECT :webhook_id, :url, :description, :types, :stages,
       coalesce(CAST(:after AS bigint), head.position), true, statement_timestamp()
  FROM ledger.ledger_head AS head
 WHERE (SELECT count(*) FROM ledger.webhooks) < :webhooks_max
RETURNING webhook_id

-- name: list_webhooks
-- All webhooks, or one, with what is queued and what was given up. There are few.
SELECT webhook.webhook_id, webhook.url, webhook.description, webhook.types, webhook.stages,
       webhook.position, webhook.is_enabled, webhook.disabled_reason, webhook.failing_since,
       webhook.created_at, queue.pending, queue.dead
  FROM ledger.webhooks AS webhook
 CROSS JOIN LATERAL (
       SELECT count(*) FILTER (WHERE status = 'pending') AS pending,
              count(*) FILTER (WHERE status = 'dead') AS dead
         FROM ledger.webhook_deliveries AS delivery
        WHERE delivery.webhook_id = webhook.webhook_id
       ) AS queue
 WHERE CAST(:webhook_id AS uuid) IS NULL OR webhook.webhook_id = :webhook_id
 ORDER BY webhook.webhook_id

-- name: update_webhook
-- A null value stays unchanged. Enabling a webhook states that the cause of its failures is fixed.
UPDATE ledger.webhooks
   SET url = coalesce(:url, url),
       description = coalesce(:description, description),
       types = coalesce(CAST(:types AS text[]), types),
       stages = coalesce(CAST(:stages AS text[]), stages),
       is_enabled = coalesce(CAST(:is_enabled AS boolean), is_enabled),
       disabled_reason = CASE CAST(:is_enabled AS boolean)
                              WHEN true THEN NULL
                              WHEN false THEN 'disabled by hand'
                              ELSE disabled_reason
                         END,
       failing_since = CASE WHEN CAST(:is_enabled AS boolean) THEN NULL ELSE failing_since END
 WHERE webhook_id = :webhook_id

-- name: hurry
-- A webhook that is enabled again does not wait out the pauses of its failures.
UPDATE ledger.webhook_deliveries
   SET due_at = statement_timestamp()
 WHERE webhook_id = :webhook_id AND status = 'pending' AND due_at > statement_timestamp()

-- name: delete_webhook
-- With its secrets and everything queued for it.
DELETE FROM ledger.webhooks WHERE webhook_id = :webhook_id

-- name: lock_webhook
-- Concurrent rotations run one after the other.
SELECT webhook_id FROM ledger.webhooks WHERE webhook_id = :webhook_id FOR UPDATE

-- name: retire_secrets
-- Currently valid secrets stay valid for a while.
UPDATE ledger.webhook_secrets
   SET retires_at = statement_timestamp() + make_interval(secs => :old_secret_s)
 WHERE webhook_id = :webhook_id AND retires_at IS NULL

-- name: insert_secret
-- The newest secret has the highest number.
INSERT INTO ledger.webhook_secrets (webhook_id, number, sealed)
SELECT :webhook_id, coalesce(max(number), 0) + 1, :sealed
  FROM ledger.webhook_secrets
 WHERE webhook_id = :webhook_id

-- name: drop_secrets
-- Retired ones, and all but the last few.
DELETE FROM ledger.webhook_secrets
 WHERE webhook_id = :webhook_id
   AND (retires_at <= statement_timestamp()
        OR number <= (SELECT max(number) FROM ledger.webhook_secrets
                       WHERE webhook_id = :webhook_id) - :secrets_max)

-- name: read_secrets
-- The secrets that sign now, newest first.
SELECT sealed
  FROM ledger.webhook_secrets
 WHERE webhook_id = :webhook_id AND (retires_at IS NULL OR retires_at > clock_timestamp())
 ORDER BY number DESC
