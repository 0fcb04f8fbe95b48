-- The ledger: one ordered log, the state of its subjects, and its refusals.
-- `ledger` is a placeholder for the schema named in the settings.

CREATE TABLE ledger.ledger_head (
    only_row boolean NOT NULL DEFAULT true,
    ledger_id uuid NOT NULL,
    position bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    secret_check bytea NOT NULL,
    chain bytea NOT NULL,
    CONSTRAINT ledger_head_is_one_row PRIMARY KEY (only_row),
    CONSTRAINT ledger_head_has_no_second_row CHECK (only_row),
    CONSTRAINT ledger_head_position_is_not_negative CHECK (position >= 0),
    CONSTRAINT ledger_head_chain_is_256_bits CHECK (octet_length(chain) = 32)
) WITH (fillfactor = 10);

COMMENT ON TABLE ledger.ledger_head IS
    'Where the log ends. Every append locks it: commit order is position order.';
COMMENT ON COLUMN ledger.ledger_head.chain IS
    'Keyed digest over all leaves in order. Earlier values are not stored, so truncation of the log '
    'is detected.';

CREATE TABLE ledger.events (
    position bigint NOT NULL,
    source text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    subject_id uuid NOT NULL,
    subject_version bigint NOT NULL,
    type text COLLATE "C" NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    leaf bytea NOT NULL,
    record text NOT NULL,
    fingerprint bytea,
    seal bytea NOT NULL,
    CONSTRAINT events_position_is_unique PRIMARY KEY (position),
    CONSTRAINT events_key_is_unique UNIQUE (source, id),
    CONSTRAINT events_subject_version_is_unique UNIQUE (subject_id, subject_version),
    CONSTRAINT events_position_is_positive CHECK (position > 0),
    CONSTRAINT events_leaf_is_sha256 CHECK (octet_length(leaf) = 32),
    CONSTRAINT events_seal_is_256_bits CHECK (octet_length(seal) = 32)
);

COMMENT ON COLUMN ledger.events.fingerprint IS
    'Keyed digest of what was reported: distinguishes a retry from another event. Null on derived '
    'events.';
COMMENT ON COLUMN ledger.events.seal IS
    'Keyed digest of position, leaf, fingerprint and the identifiers that the event linked.';

CREATE FUNCTION ledger.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the events of a ledger are never changed or deleted: % on %',
        TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation',
              HINT = 'Record a further event that corrects or voids the earlier one.';
END
$$;

CREATE TRIGGER events_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.events
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE TABLE ledger.event_personal (
    position bigint NOT NULL,
    salt bytea NOT NULL,
    content bytea NOT NULL,
    CONSTRAINT event_personal_is_one_per_event PRIMARY KEY (position),
    CONSTRAINT event_personal_salt_is_256_bits CHECK (octet_length(salt) = 32)
);

COMMENT ON TABLE ledger.event_personal IS
    'The personal data of an event: the only part of the log from which anything may be removed.';

CREATE TABLE ledger.subjects (
    subject_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    state text NOT NULL,
    CONSTRAINT subjects_are_unique PRIMARY KEY (subject_id),
    CONSTRAINT subjects_have_a_kind CHECK (kind IN ('lead', 'account', 'ledger'))
) WITH (fillfactor = 70);

COMMENT ON TABLE ledger.subjects IS
    'State of each subject after its last event: a fold of the log, and the basis of decisions.';

CREATE TABLE ledger.identifiers (
    digest bytea NOT NULL,
    position bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    subject_id uuid NOT NULL,
    is_moved boolean NOT NULL DEFAULT false,
    CONSTRAINT identifiers_point_once_per_event PRIMARY KEY (digest, position)
);

CREATE INDEX identifiers_by_position ON ledger.identifiers (position);

COMMENT ON TABLE ledger.identifiers IS
    'Keyed digests, mapped to leads and accounts. For a cookie the row with the highest position '
    'holds; any other identifier that points to several people identifies none of them.';
COMMENT ON COLUMN ledger.identifiers.is_moved IS
    'Whether it was taken from its previous holder: rows with lower positions no longer hold.';

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
    seal bytea NOT NULL,
    CONSTRAINT refusals_are_unique PRIMARY KEY (refusal_id)
);

COMMENT ON TABLE ledger.refusals IS
    'Readable input from a valid key that did not become an event. The bytes are personal data.';

CREATE TABLE ledger.api_keys (
    key_id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    secret_digest bytea NOT NULL,
    sources text[] NOT NULL,
    department text COLLATE "C",
    scopes text[] NOT NULL,
    events_per_second integer,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT api_keys_are_unique PRIMARY KEY (key_id),
    CONSTRAINT api_keys_speak_for_a_source CHECK (cardinality(sources) > 0),
    CONSTRAINT api_keys_digest_is_sha256 CHECK (octet_length(secret_digest) = 32),
    CONSTRAINT api_keys_rate_is_positive CHECK (events_per_second > 0)
);

CREATE TABLE ledger.projections (
    name text COLLATE "C" NOT NULL,
    generation integer NOT NULL,
    version integer NOT NULL,
    status text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    recorded_at timestamptz,
    failure text,
    CONSTRAINT projections_have_one_checkpoint PRIMARY KEY (name, generation),
    CONSTRAINT projections_have_a_status
        CHECK (status IN ('building', 'live', 'retired', 'removed')),
    CONSTRAINT projections_position_is_not_negative CHECK (position >= 0)
) WITH (fillfactor = 10);

CREATE UNIQUE INDEX projections_have_one_live_generation
    ON ledger.projections (name) WHERE status = 'live';

COMMENT ON TABLE ledger.projections IS
    'Checkpoints. The runner locks its own in the transaction that writes the rows.';
