-- The ledger: one ordered log, what it remembers of its subjects, and what it refused.
-- `ledger` stands for the schema that the settings name.

CREATE TABLE ledger.ledger_head (
    only_row boolean NOT NULL DEFAULT true,
    ledger_id uuid NOT NULL,
    position bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    secret_check bytea NOT NULL,
    CONSTRAINT ledger_head_is_one_row PRIMARY KEY (only_row),
    CONSTRAINT ledger_head_has_no_second_row CHECK (only_row),
    CONSTRAINT ledger_head_position_is_not_negative CHECK (position >= 0)
) WITH (fillfactor = 10);

COMMENT ON TABLE ledger.ledger_head IS
    'Where the log ends. Locked by whoever appends: commit order is position order.';

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
    CONSTRAINT events_position_is_unique PRIMARY KEY (position),
    CONSTRAINT events_key_is_unique UNIQUE (source, id),
    CONSTRAINT events_subject_version_is_unique UNIQUE (subject_id, subject_version),
    CONSTRAINT events_position_is_positive CHECK (position > 0),
    CONSTRAINT events_leaf_is_sha256 CHECK (octet_length(leaf) = 32)
);

COMMENT ON COLUMN ledger.events.fingerprint IS
    'Keyed digest of what was reported, to tell a retry from another event. Null on derived events.';

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
    'What an event tells of a person: the one place of the log from which something may be removed.';

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
    'State of each subject after its last event: what the writer decides on. A fold of the log.';

CREATE TABLE ledger.identifiers (
    digest bytea NOT NULL,
    position bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    subject_id uuid NOT NULL,
    CONSTRAINT identifiers_point_once_per_event PRIMARY KEY (digest, position)
);

CREATE INDEX identifiers_by_position ON ledger.identifiers (position);

COMMENT ON TABLE ledger.identifiers IS
    'Keyed digests to leads and accounts. Of a cookie the row with the highest position is what '
    'holds; any other identifier that points to several people names none of them.';

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
    CONSTRAINT refusals_are_unique PRIMARY KEY (refusal_id)
);

COMMENT ON TABLE ledger.refusals IS
    'What was readable, from a valid key, and did not become an event. The bytes are personal data.';

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

-- Numbers and times come as text: the driver examines each element of an array that is neither
-- text nor bytes, which costs it more than the cast costs here.
CREATE FUNCTION ledger.append(
    expected_position bigint,
    proposed_at timestamptz,
    sources text[], ids text[], subject_ids uuid[], subject_versions text[], types text[],
    occurred text[], leaves bytea[], records text[], fingerprints bytea[],
    personal_positions text[], personal_salts bytea[], personal_contents bytea[],
    state_ids uuid[], state_kinds text[], state_versions text[], state_positions text[],
    states text[],
    link_digests bytea[], link_positions text[], link_kinds text[], link_subjects uuid[],
    refusal_ids uuid[], refusal_times timestamptz[], refusal_keys text[], refusal_sources text[],
    refusal_event_ids text[], refusal_types text[], refusal_reasons text[],
    refusal_problems text[], refusal_contents bytea[]
) RETURNS TABLE (outcome text, head_position bigint, database_time timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
    head_recorded_at timestamptz;
BEGIN
    -- What is answered is on disk, and who waits for the lock is told in time: in this transaction
    -- always, whatever role and server are set to, and without a round trip for it.
    IF current_setting('synchronous_commit') = 'off' THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    IF current_setting('lock_timeout') = '0' THEN
        PERFORM set_config('lock_timeout', '5s', true);
    END IF;
    -- From here to commit this transaction alone writes this ledger.
    SELECT head.position, head.recorded_at INTO head_position, head_recorded_at
      FROM ledger.ledger_head AS head FOR UPDATE;
    database_time := clock_timestamp();
    IF head_position <> expected_position THEN
        outcome := 'head-moved';
        RETURN NEXT;
        RETURN;
    END IF;
    -- Recorded time never runs backwards, and never away from the one clock all writers share.
    IF proposed_at < head_recorded_at
       OR abs(extract(epoch FROM proposed_at - database_time)) > 1 THEN
        outcome := 'clock-differs';
        RETURN NEXT;
        RETURN;
    END IF;

    INSERT INTO ledger.events (
        position, source, id, subject_id, subject_version, type,
        occurred_at, recorded_at, leaf, record, fingerprint)
    SELECT expected_position + event.place, event.source, event.id, event.subject_id,
           CAST(event.subject_version AS bigint), event.type,
           CAST(event.occurred_at AS timestamptz), proposed_at, event.leaf,
           event.record, nullif(event.fingerprint, '')
      FROM unnest(sources, ids, subject_ids, subject_versions, types, occurred, leaves, records,
                  fingerprints)
           WITH ORDINALITY AS event (source, id, subject_id, subject_version, type, occurred_at,
                                     leaf, record, fingerprint, place);

    INSERT INTO ledger.event_personal (position, salt, content)
    SELECT CAST(personal.position AS bigint), personal.salt, personal.content
      FROM unnest(personal_positions, personal_salts, personal_contents)
           AS personal (position, salt, content);

    INSERT INTO ledger.subjects AS subject (subject_id, kind, version, position, state)
    SELECT given.subject_id, given.kind, CAST(given.version AS bigint),
           CAST(given.position AS bigint), given.state
      FROM unnest(state_ids, state_kinds, state_versions, state_positions, states)
           AS given (subject_id, kind, version, position, state)
        ON CONFLICT (subject_id) DO UPDATE
       SET version = excluded.version, position = excluded.position, state = excluded.state;

    IF cardinality(link_digests) > 0 THEN
        INSERT INTO ledger.identifiers (digest, position, kind, subject_id)
        SELECT link.digest, CAST(link.position AS bigint), link.kind, link.subject_id
          FROM unnest(link_digests, link_positions, link_kinds, link_subjects)
               AS link (digest, position, kind, subject_id);
    END IF;

    IF cardinality(refusal_ids) > 0 THEN
        INSERT INTO ledger.refusals (refusal_id, received_at, key_id, source, event_id, type,
                                     reason, problem, content)
        SELECT * FROM unnest(refusal_ids, refusal_times, refusal_keys, refusal_sources,
                             refusal_event_ids, refusal_types, refusal_reasons,
                             refusal_problems, refusal_contents)
            ON CONFLICT (refusal_id) DO NOTHING;
    END IF;

    head_position := expected_position + cardinality(records);
    UPDATE ledger.ledger_head
       SET position = head_position, recorded_at = proposed_at;
    outcome := 'appended';
    RETURN NEXT;
END
$$;

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
    'Checkpoints. Locked by the runner that projects, in the transaction that writes the rows.';
