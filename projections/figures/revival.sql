-- Every lead that was dormant when the period began counts in the row of its stage and in that of all,
-- by what ended the silence within the period: an own fact that left it in its stage, one that moved
-- it, or none, if it was moved otherwise. What the fact was is in the next stay (`entered_by`).
     silent AS (
     SELECT known.*, woken.at AS woken_at, woken.position AS woken_by
       FROM known
      CROSS JOIN LATERAL (
            SELECT change -> 2 ->> 'silence' AS silence, number AS place
              FROM jsonb_array_elements(known.changes) WITH ORDINALITY AS earlier (change, number)
             WHERE CAST(change ->> 0 AS timestamptz) < CAST(:since AS timestamptz)
               AND CAST(change ->> 1 AS bigint) <= (SELECT position FROM live)
             ORDER BY number DESC
             LIMIT 1
            ) AS silence
       LEFT JOIN LATERAL (
            SELECT CAST(change ->> 0 AS timestamptz) AS at, CAST(change ->> 1 AS bigint) AS position
              FROM jsonb_array_elements(known.changes) WITH ORDINALITY AS later (change, number)
             WHERE number > silence.place
               AND change -> 2 ->> 'silence' IS NULL
               AND CAST(change ->> 0 AS timestamptz) <= CAST(:as_of AS timestamptz)
               AND CAST(change ->> 1 AS bigint) <= (SELECT position FROM live)
             ORDER BY number
             LIMIT 1
            ) AS woken ON true
      WHERE kind = 'lead'
        AND silence.silence IS NOT NULL
        AND left_at >= CAST(:since AS timestamptz)),
     followed AS (
     SELECT silent.*, next.stage AS moved_to,
            COALESCE(next.traits ->> 'entered_by' = ANY (CAST(:activity AS text[])), false)
            AS is_moved_by_fact
       FROM silent
       LEFT JOIN LATERAL (
            SELECT later.stage, later.traits
              FROM known AS later
             WHERE later.subject_id = silent.subject_id
               AND silent.left_at < 'infinity'
               AND (later.known_from, later.number) > (silent.known_from, silent.number)
             ORDER BY later.known_from, later.number
             LIMIT 1
            ) AS next ON true),
     answered AS (
     SELECT followed.*,
            CASE WHEN woken_at < COALESCE(CAST(:until AS timestamptz), 'infinity') THEN 'revived'
                 WHEN woken_at IS NOT NULL
                   OR left_at >= COALESCE(CAST(:until AS timestamptz), 'infinity') THEN 'silent'
                 WHEN is_moved_by_fact THEN 'revived'
                 ELSE 'moved' END AS answer
       FROM followed),
     members AS (
     SELECT value, kind, counted.in_row, answer AS measures, subject_id, pass_number,
            entered_at AS at, entry_position AS position, number,
            CASE WHEN answer <> 'silent' AND woken_at IS NULL THEN moved_to END AS then_stage,
            CASE WHEN answer = 'silent' THEN NULL
                 WHEN woken_at IS NULL THEN exit_kind
                 ELSE answer END AS then_kind,
            CASE WHEN answer <> 'silent' THEN COALESCE(woken_at, left_at) END AS then_at,
            CASE WHEN answer <> 'silent' THEN COALESCE(woken_by, exit_position) END AS then_position
       FROM answered
      CROSS JOIN LATERAL (VALUES ('all'), (stage)) AS counted (in_row))
