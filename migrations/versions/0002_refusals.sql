-- Readable input that did not become an event, kept until it is settled: by a retry that succeeds, or
-- by a person who dismisses it. `ledger` is a placeholder for the schema named in the settings.

CREATE TABLE ledger.refusals (
    refusal_id uuid NOT NULL,
    received_at timestamptz NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    source text COLLATE "C",
    event_id text COLLATE "C",
    type text COLLATE "C",
    reason text COLLATE "C" NOT NULL,
    problem text NOT NULL,
    content bytea NOT NULL,
    dialect text COLLATE "C" NOT NULL DEFAULT 'native',
    last_received_at timestamptz NOT NULL,
    times bigint NOT NULL DEFAULT 1,
    status text COLLATE "C" NOT NULL DEFAULT 'open',
    retries bigint NOT NULL DEFAULT 0,
    position bigint,
    settled_at timestamptz,
    settled_by text COLLATE "C",
    dismissal text,
    seal bytea NOT NULL,
    state_seal bytea NOT NULL,
    bytes bigint NOT NULL
        GENERATED ALWAYS AS (octet_length(content) + octet_length(problem)) STORED,
    CONSTRAINT refusals_are_unique PRIMARY KEY (refusal_id),
    CONSTRAINT refusals_have_a_status CHECK (status IN ('open', 'retried', 'dismissed')),
    CONSTRAINT refusals_are_settled_by_somebody
        CHECK ((status = 'open') = (settled_at IS NULL)
               AND (status = 'open') = (settled_by IS NULL)),
    CONSTRAINT refusals_that_were_recorded_name_the_event
        CHECK ((status = 'retried') = (position IS NOT NULL)),
    CONSTRAINT refusals_are_dismissed_with_a_reason
        CHECK ((status = 'dismissed') = (dismissal IS NOT NULL))
);

COMMENT ON TABLE ledger.refusals IS
    'Readable input from a valid key that did not become an event. The bytes are personal data.';
COMMENT ON COLUMN ledger.refusals.refusal_id IS
    'Derived from the key and the reported content, so that repeats are counted, not stored again.';
COMMENT ON COLUMN ledger.refusals.received_at IS
    'The first receipt: a retry uses it as the time of an event that stated none.';
COMMENT ON COLUMN ledger.refusals.seal IS
    'Keyed digest of the receipt: id, time, key, source, event id, type, dialect, bytes.';
COMMENT ON COLUMN ledger.refusals.state_seal IS
    'Keyed digest of the reason for the refusal, and of its outcome.';
COMMENT ON COLUMN ledger.refusals.position IS
    'The event that a retry turned it into.';

CREATE INDEX refusals_by_receipt ON ledger.refusals (received_at, refusal_id) INCLUDE (bytes);

CREATE INDEX refusals_that_are_open ON ledger.refusals (reason, received_at)
    WHERE status = 'open';
