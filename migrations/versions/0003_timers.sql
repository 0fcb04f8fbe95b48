-- What happens by itself: leads are found by when something is due for them, and by the lifecycle
-- that decides them until they are reassessed. `ledger` stands for the schema of the settings.

ALTER TABLE ledger.ledger_head
    ADD COLUMN clock_ahead interval NOT NULL DEFAULT '0';

COMMENT ON COLUMN ledger.ledger_head.clock_ahead IS
    'Not 0 in a ledger for tests and demonstrations only: how far its clock has been turned.';

ALTER TABLE ledger.subjects
    ADD COLUMN due_at timestamptz,
    ADD COLUMN lifecycle integer;

UPDATE ledger.subjects SET lifecycle = 1 WHERE kind = 'lead';

COMMENT ON COLUMN ledger.subjects.due_at IS
    'When the first timer of the state is due: an index of what the state says.';
COMMENT ON COLUMN ledger.subjects.lifecycle IS
    'The version that decides this lead: an index of what the state says.';

CREATE TABLE ledger.leads_set_aside (
    lead_id uuid NOT NULL,
    position bigint NOT NULL,
    since timestamptz NOT NULL,
    tries bigint NOT NULL,
    retry_at timestamptz NOT NULL,
    error text NOT NULL,
    place text NOT NULL,
    CONSTRAINT leads_set_aside_are_listed_once PRIMARY KEY (lead_id)
);

COMMENT ON TABLE ledger.leads_set_aside IS
    'Leads that a fault of the service keeps from being brought up to date: everybody else goes on.';
COMMENT ON COLUMN ledger.leads_set_aside.position IS
    'Where the log ended when the lead was set aside.';
COMMENT ON COLUMN ledger.leads_set_aside.place IS
    'Where in the code the error was raised. Its words are not kept: they may be personal.';

CREATE INDEX leads_set_aside_by_retry ON ledger.leads_set_aside (retry_at);
CREATE INDEX leads_set_aside_by_position ON ledger.leads_set_aside (position, lead_id);

CREATE INDEX subjects_by_due ON ledger.subjects (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX subjects_by_lifecycle ON ledger.subjects (lifecycle, subject_id) WHERE kind = 'lead';

DROP FUNCTION ledger.append(
    bigint, timestamptz, text[], text[], uuid[], text[], text[], text[], bytea[], text[], bytea[],
    text[], bytea[], bytea[], uuid[], text[], text[], text[], text[], bytea[], text[], text[], uuid[],
    uuid[], timestamptz[], text[], text[], text[], text[], text[], text[], bytea[]);

-- Numbers and times come as text: the driver examines each element of an array that is neither
-- text nor bytes, which costs it more than the cast costs here.
CREATE FUNCTION ledger.append(
    expected_position bigint,
    proposed_at timestamptz,
    sources text[], ids text[], subject_ids uuid[], subject_versions text[], types text[],
    occurred text[], leaves bytea[], records text[], fingerprints bytea[],
    personal_positions text[], personal_salts bytea[], personal_contents bytea[],
    state_ids uuid[], state_kinds text[], state_versions text[], state_positions text[],
    states text[], state_dues text[], state_lifecycles text[],
    link_digests bytea[], link_positions text[], link_kinds text[], link_subjects uuid[],
    refusal_ids uuid[], refusal_times timestamptz[], refusal_keys text[], refusal_sources text[],
    refusal_event_ids text[], refusal_types text[], refusal_reasons text[],
    refusal_problems text[], refusal_contents bytea[]
) RETURNS TABLE (outcome text, head_position bigint, database_time timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
    head_recorded_at timestamptz;
    head_clock_ahead interval;
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
    SELECT head.position, head.recorded_at, head.clock_ahead
      INTO head_position, head_recorded_at, head_clock_ahead
      FROM ledger.ledger_head AS head FOR UPDATE;
    database_time := clock_timestamp() + head_clock_ahead;
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

    INSERT INTO ledger.subjects AS subject (subject_id, kind, version, position, state, due_at,
                                            lifecycle)
    SELECT given.subject_id, given.kind, CAST(given.version AS bigint),
           CAST(given.position AS bigint), given.state,
           CAST(nullif(given.due_at, '') AS timestamptz),
           CAST(nullif(given.lifecycle, '') AS integer)
      FROM unnest(state_ids, state_kinds, state_versions, state_positions, states, state_dues,
                  state_lifecycles)
           AS given (subject_id, kind, version, position, state, due_at, lifecycle)
        ON CONFLICT (subject_id) DO UPDATE
       SET version = excluded.version, position = excluded.position, state = excluded.state,
           due_at = excluded.due_at, lifecycle = excluded.lifecycle;

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
