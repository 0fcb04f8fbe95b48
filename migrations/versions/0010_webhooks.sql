-- Webhooks: the log sent to other systems, event by event. `ledger` is a placeholder for the schema
-- named in the settings.

-- Whether an event moves a subject into or out of one of the given stages. Most records do not
-- contain the member's name at all, and a text search costs a tenth of parsing the JSON. A match
-- alone proves nothing: reported data may contain the same text.
CREATE FUNCTION ledger.touches_stage(record text, stages text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
           WHEN strpos(record, '"stage') = 0 THEN false
           ELSE coalesce(CAST(record AS json) ->> 'stageto' = ANY (stages), false)
                OR coalesce(CAST(record AS json) ->> 'stagefrom' = ANY (stages), false)
           END
$$;

-- Whether a restatement names one of the given types or stages in an outcome that counts from now on
-- or no longer counts. `member` is where its record lists all of them.
CREATE FUNCTION ledger.restates(type text, record text, member text, names text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
           WHEN type NOT IN ('lead.restated', 'account.restated') THEN false
           ELSE EXISTS (
                SELECT
                  FROM json_array_elements_text(CAST(record AS json) #> ARRAY['data', member])
                       AS named (name)
                 WHERE named.name = ANY (names))
           END
$$;

CREATE TABLE ledger.webhooks (
    webhook_id uuid NOT NULL,
    url text NOT NULL,
    description text NOT NULL,
    types text[] NOT NULL,
    stages text[] NOT NULL,
    position bigint NOT NULL,
    is_enabled boolean NOT NULL,
    disabled_reason text,
    failing_since timestamptz,
    created_at timestamptz NOT NULL,
    CONSTRAINT webhooks_are_unique PRIMARY KEY (webhook_id),
    CONSTRAINT webhooks_position_is_not_negative CHECK (position >= 0)
) WITH (fillfactor = 50);

COMMENT ON COLUMN ledger.webhooks.position IS
    'How far the log has been queued. Locked in the transaction that queues and advances it.';
COMMENT ON COLUMN ledger.webhooks.failing_since IS
    'The first failure since the last successful delivery; null while deliveries succeed.';

CREATE TABLE ledger.webhook_secrets (
    webhook_id uuid NOT NULL,
    number integer NOT NULL,
    sealed bytea NOT NULL,
    retires_at timestamptz,
    CONSTRAINT webhook_secrets_are_numbered PRIMARY KEY (webhook_id, number),
    CONSTRAINT webhook_secrets_belong_to_a_webhook
        FOREIGN KEY (webhook_id) REFERENCES ledger.webhooks (webhook_id) ON DELETE CASCADE
);

COMMENT ON COLUMN ledger.webhook_secrets.sealed IS
    'Encrypted with the ledger''s secret: signing needs the plaintext, a backup does not.';

CREATE TABLE ledger.webhook_deliveries (
    webhook_id uuid NOT NULL,
    position bigint NOT NULL,
    subject_id uuid NOT NULL,
    status text COLLATE "C" NOT NULL,
    attempts integer NOT NULL,
    due_at timestamptz NOT NULL,
    claimed_until timestamptz,
    failure text,
    failed_at timestamptz,
    CONSTRAINT webhook_deliveries_are_one_per_event PRIMARY KEY (webhook_id, position),
    CONSTRAINT webhook_deliveries_belong_to_a_webhook
        FOREIGN KEY (webhook_id) REFERENCES ledger.webhooks (webhook_id) ON DELETE CASCADE,
    CONSTRAINT webhook_deliveries_have_a_status CHECK (status IN ('pending', 'dead'))
) WITH (fillfactor = 70);

CREATE INDEX webhook_deliveries_by_due_time
    ON ledger.webhook_deliveries (webhook_id, due_at, position) WHERE status = 'pending';

CREATE INDEX webhook_deliveries_by_subject
    ON ledger.webhook_deliveries (webhook_id, subject_id, position) WHERE status = 'pending';

COMMENT ON TABLE ledger.webhook_deliveries IS
    'Events waiting to be sent to a webhook, and dead letters. Delivered events are removed.';
COMMENT ON COLUMN ledger.webhook_deliveries.due_at IS
    'When to try next. The delay between attempts grows.';
COMMENT ON COLUMN ledger.webhook_deliveries.claimed_until IS
    'The end of the lease of the process that is sending it. If that process dies, the lease expires.';
