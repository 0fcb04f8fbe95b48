-- The one way into the log. `ledger` is a placeholder for the schema named in the settings.

-- Everything that one batch writes, in one call.
-- Numbers and times are passed as text: the driver examines each element of an array that is
-- neither text nor bytes, which costs more than the casts here.
CREATE FUNCTION ledger.append(
    expected_position bigint,
    proposed_at timestamptz,
    sources text[], ids text[], subject_ids uuid[], subject_versions text[], types text[],
    occurred text[], leaves bytea[], records text[], first_parts text[], last_parts text[],
    seals bytea[], chain_end bytea,
    personal_positions text[], personal_salts bytea[], personal_contents bytea[],
    personal_fingerprints bytea[],
    actor_positions text[], actor_salts bytea[], actors text[],
    state_ids uuid[], state_kinds text[], state_versions text[], state_positions text[],
    states text[], state_dues text[], state_wakes text[], state_lifecycles text[],
    link_digests bytea[], link_positions text[], link_kinds text[], link_subjects uuid[],
    link_moves boolean[],
    refusal_ids uuid[], refusal_times timestamptz[], refusal_keys text[], refusal_sources text[],
    refusal_event_ids text[], refusal_types text[], refusal_reasons text[],
    refusal_problems text[], refusal_contents bytea[], refusal_dialects text[],
    refusal_seals bytea[], refusal_state_seals bytea[],
    intake_day date, intake_sources text[], intake_outcomes text[], intake_reasons text[],
    intake_items text[], intake_sources_max integer
) RETURNS TABLE (outcome text, head_position bigint, database_time timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
    head_recorded_at timestamptz;
    head_clock_ahead interval;
BEGIN
    -- In this transaction an acknowledged batch is always on disk, and a wait for the lock always
    -- ends in time, whatever the settings of role and server, and without an extra round trip.
    IF current_setting('synchronous_commit') = 'off' THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    IF current_setting('lock_timeout') = '0' THEN
        PERFORM set_config('lock_timeout', '5s', true);
    END IF;
    -- From here until commit, only this transaction writes to this ledger.
    SELECT head.position, head.recorded_at, head.clock_ahead
      INTO head_position, head_recorded_at, head_clock_ahead
      FROM ledger.ledger_head AS head FOR UPDATE;
    database_time := clock_timestamp() + head_clock_ahead;
    IF head_position <> expected_position THEN
        outcome := 'head-moved';
        RETURN NEXT;
        RETURN;
    END IF;
    -- Recorded time never runs backwards, and never drifts from the clock that all writers share.
    IF proposed_at < head_recorded_at
       OR abs(extract(epoch FROM proposed_at - database_time)) > 1 THEN
        outcome := 'clock-differs';
        RETURN NEXT;
        RETURN;
    END IF;

    INSERT INTO ledger.events (
        position, source, id, subject_id, subject_version, type,
        occurred_at, recorded_at, leaf, record, first_part, last_part, seal)
    SELECT expected_position + event.place, event.source, event.id, event.subject_id,
           CAST(event.subject_version AS bigint), event.type,
           CAST(event.occurred_at AS timestamptz), proposed_at, event.leaf,
           event.record, CAST(nullif(event.first_part, '') AS bigint),
           CAST(nullif(event.last_part, '') AS bigint), event.seal
      FROM unnest(sources, ids, subject_ids, subject_versions, types, occurred, leaves, records,
                  first_parts, last_parts, seals)
           WITH ORDINALITY AS event (source, id, subject_id, subject_version, type, occurred_at,
                                     leaf, record, first_part, last_part, seal, place);

    INSERT INTO ledger.event_personal (position, salt, content, fingerprint)
    SELECT CAST(personal.position AS bigint), personal.salt, personal.content,
           personal.fingerprint
      FROM unnest(personal_positions, personal_salts, personal_contents, personal_fingerprints)
           AS personal (position, salt, content, fingerprint);

    IF cardinality(actor_positions) > 0 THEN
        INSERT INTO ledger.event_actors (position, salt, actor)
        SELECT CAST(acted.position AS bigint), acted.salt, acted.actor
          FROM unnest(actor_positions, actor_salts, actors) AS acted (position, salt, actor);
    END IF;

    INSERT INTO ledger.subjects AS subject (subject_id, kind, version, position, state, due_at,
                                            wake_at, lifecycle)
    SELECT given.subject_id, given.kind, CAST(given.version AS bigint),
           CAST(given.position AS bigint), given.state,
           CAST(nullif(given.due_at, '') AS timestamptz),
           CAST(nullif(given.wake_at, '') AS timestamptz),
           CAST(nullif(given.lifecycle, '') AS integer)
      FROM unnest(state_ids, state_kinds, state_versions, state_positions, states, state_dues,
                  state_wakes, state_lifecycles)
           AS given (subject_id, kind, version, position, state, due_at, wake_at, lifecycle)
        ON CONFLICT (subject_id) DO UPDATE
       SET version = excluded.version, position = excluded.position, state = excluded.state,
           due_at = excluded.due_at, wake_at = excluded.wake_at, lifecycle = excluded.lifecycle;

    IF cardinality(link_digests) > 0 THEN
        INSERT INTO ledger.identifiers (digest, position, kind, subject_id, is_moved)
        SELECT link.digest, CAST(link.position AS bigint), link.kind, link.subject_id,
               link.is_moved
          FROM unnest(link_digests, link_positions, link_kinds, link_subjects, link_moves)
               AS link (digest, position, kind, subject_id, is_moved);
    END IF;

    IF cardinality(refusal_ids) > 0 THEN
        -- A repeated refusal is counted, unless this transaction itself is a retry. A settled
        -- refusal stays settled if the reason is the same, and reopens if it is another.
        INSERT INTO ledger.refusals AS kept (
            refusal_id, received_at, last_received_at, key_id, source, event_id, type, reason,
            problem, content, dialect, seal, state_seal)
        SELECT refused.refusal_id, refused.received_at, refused.received_at, refused.key_id,
               refused.source, refused.event_id, refused.type, refused.reason, refused.problem,
               refused.content, refused.dialect, refused.seal, refused.state_seal
          FROM unnest(refusal_ids, refusal_times, refusal_keys, refusal_sources,
                      refusal_event_ids, refusal_types, refusal_reasons, refusal_problems,
                      refusal_contents, refusal_dialects, refusal_seals, refusal_state_seals)
               AS refused (refusal_id, received_at, key_id, source, event_id, type, reason,
                           problem, content, dialect, seal, state_seal)
            ON CONFLICT (refusal_id) DO UPDATE
           SET last_received_at = excluded.last_received_at,
               times = kept.times + 1,
               (reason, problem, status, position, settled_at, settled_by, dismissal,
                state_seal) = (
               SELECT kept.reason, kept.problem, kept.status, kept.position, kept.settled_at,
                      kept.settled_by, kept.dismissal, kept.state_seal
                WHERE kept.status <> 'open' AND kept.reason = excluded.reason
                UNION ALL
               SELECT excluded.reason, excluded.problem, 'open', NULL, NULL, NULL, NULL,
                      excluded.state_seal
                WHERE kept.status = 'open' OR kept.reason <> excluded.reason)
         WHERE excluded.last_received_at > kept.last_received_at;
    END IF;

    IF cardinality(intake_sources) > 0 THEN
        PERFORM ledger.count_intake(intake_day, intake_sources, intake_outcomes, intake_reasons,
                                    intake_items, proposed_at, intake_sources_max);
    END IF;

    head_position := expected_position + cardinality(records);
    UPDATE ledger.ledger_head
       SET position = head_position, recorded_at = proposed_at, chain = chain_end;
    outcome := 'appended';
    RETURN NEXT;
END
$$;
