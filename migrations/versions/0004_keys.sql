-- API keys: who may report what, from where and how fast.
-- `ledger` is a placeholder for the schema named in the settings.

CREATE TABLE ledger.api_keys (
    key_id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    secret_digest bytea NOT NULL,
    sources text[] NOT NULL,
    department text COLLATE "C",
    scopes text[] NOT NULL,
    events_per_second integer,
    origins text[] NOT NULL DEFAULT '{}',
    person text,
    oidc_subject text,
    is_founder boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT api_keys_are_unique PRIMARY KEY (key_id),
    CONSTRAINT api_keys_speak_for_a_source CHECK (cardinality(sources) > 0),
    CONSTRAINT api_keys_digest_is_sha256 CHECK (octet_length(secret_digest) = 32),
    CONSTRAINT api_keys_rate_is_positive CHECK (events_per_second > 0),
    CONSTRAINT api_keys_of_pages_report_facts_alone
        CHECK (cardinality(origins) = 0 OR scopes = ARRAY['events:write']),
    CONSTRAINT api_keys_of_pages_belong_to_no_person
        CHECK (cardinality(origins) = 0 OR person IS NULL),
    CONSTRAINT api_keys_have_their_own_oidc_subject UNIQUE (oidc_subject)
);

COMMENT ON COLUMN ledger.api_keys.origins IS
    'Any visitor of the page can read its key, so the key is accepted only from these origins.';

COMMENT ON COLUMN ledger.api_keys.person IS
    'The employee id of the person to whom the key belongs; without one it belongs to a system.';

COMMENT ON COLUMN ledger.api_keys.oidc_subject IS
    'What an identity provider calls the person. Nothing fills it yet.';

COMMENT ON COLUMN ledger.api_keys.is_founder IS
    'The first administrator key: it may grant scopes that it does not hold, because one key must.';

CREATE INDEX api_keys_of_pages ON ledger.api_keys (key_id) WHERE cardinality(origins) > 0;
