-- Sessions of the web pages: a key is shown once, and a token that ends within hours stands for it.
-- `ledger` is a placeholder for the schema named in the settings.

CREATE TABLE ledger.page_sessions (
    session_id uuid NOT NULL,
    token_digest bytea NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    opened_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    CONSTRAINT page_sessions_are_unique PRIMARY KEY (session_id),
    CONSTRAINT page_sessions_have_their_own_token UNIQUE (token_digest),
    CONSTRAINT page_sessions_digest_is_sha256 CHECK (octet_length(token_digest) = 32),
    CONSTRAINT page_sessions_belong_to_a_key
        FOREIGN KEY (key_id) REFERENCES ledger.api_keys (key_id)
);

COMMENT ON COLUMN ledger.page_sessions.token_digest IS
    'SHA-256 of the token in the cookie: whoever reads this table cannot use a session.';

CREATE INDEX page_sessions_of_a_key ON ledger.page_sessions (key_id, opened_at);

CREATE TABLE ledger.page_log_in_failures (
    number bigint GENERATED ALWAYS AS IDENTITY,
    failed_at timestamptz NOT NULL,
    reason text COLLATE "C" NOT NULL,
    key_id text COLLATE "C",
    CONSTRAINT page_log_in_failures_are_numbered PRIMARY KEY (number)
);

COMMENT ON TABLE ledger.page_log_in_failures IS
    'Log-ins that failed, for those who administer keys. Never the key itself.';
COMMENT ON COLUMN ledger.page_log_in_failures.key_id IS
    'The public id of the key, if what was entered has the form of one.';
