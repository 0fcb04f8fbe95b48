-- Every pass that first entered the base stage in the period counts as such, and once more by what has
-- become of it: it got to the target, or else its latest stay shows how it ended, if it has.
     base AS (
     SELECT value, kind, subject_id, pass_number, entered_at, entry_position, number
       FROM known
      WHERE kind = CAST(:kind AS text)
        AND stage = CAST(:base AS text)
        AND is_first_entry
        AND entered_at >= COALESCE(CAST(:since AS timestamptz), '-infinity')
        AND entered_at < COALESCE(CAST(:until AS timestamptz), 'infinity')),
     latest AS (
     SELECT DISTINCT ON (subject_id, pass_number)
            subject_id, pass_number, stage, known.entered_at, known.entry_position, next_stage,
            exit_kind, left_at, exit_position
       FROM known
       JOIN (SELECT subject_id, pass_number FROM base) AS followed USING (subject_id, pass_number)
      ORDER BY subject_id, pass_number, known_from DESC, known.number DESC),
     arrived AS (
     SELECT DISTINCT ON (base.subject_id, base.pass_number)
            base.subject_id, base.pass_number, found.stage, found.entered_at, found.entry_position
       FROM known AS found
       JOIN base
         ON base.subject_id = found.subject_id AND base.pass_number = found.pass_number
        AND found.entered_at >= base.entered_at
      WHERE found.stage = ANY (CAST(:targets AS text[])) AND found.is_first_entry
      ORDER BY base.subject_id, base.pass_number, found.known_from, found.number),
     ended AS (
     SELECT base.value, base.kind, base.subject_id, base.pass_number, base.entered_at,
            base.entry_position, base.number, latest.stage, latest.entered_at AS stands_since,
            latest.entry_position AS stands_by, latest.next_stage, latest.exit_kind,
            latest.left_at, latest.exit_position, arrived.stage AS reached,
            arrived.entered_at AS reached_at, arrived.entry_position AS reached_by,
            CASE WHEN arrived.stage IS NOT NULL THEN 'converted'
                 WHEN latest.stage = ANY (CAST(:disqualified AS text[])) THEN 'disqualified'
                 WHEN latest.stage = ANY (CAST(:lost AS text[])) THEN 'lost'
                 WHEN latest.left_at = 'infinity' THEN 'open'
                 WHEN latest.exit_kind = 'absorbed' THEN 'absorbed'
                 WHEN latest.exit_kind IN ('corrected', 'restated') THEN 'corrected'
                 ELSE 'recycled' END AS fate
       FROM base
       JOIN latest USING (subject_id, pass_number)
       LEFT JOIN arrived USING (subject_id, pass_number)),
     members AS (
     SELECT value, kind, counted.in_row, 'passes' AS measures, subject_id, pass_number,
            entered_at AS at, entry_position AS position, number,
            CASE WHEN fate = 'converted' THEN reached
                 WHEN fate IN ('disqualified', 'lost') THEN stage
                 WHEN fate <> 'open' THEN next_stage END AS then_stage,
            CASE WHEN fate IN ('recycled', 'absorbed', 'corrected') THEN exit_kind END AS then_kind,
            CASE WHEN fate = 'converted' THEN reached_at
                 WHEN fate IN ('disqualified', 'lost') THEN stands_since
                 WHEN fate <> 'open' THEN left_at END AS then_at,
            CASE WHEN fate = 'converted' THEN reached_by
                 WHEN fate IN ('disqualified', 'lost') THEN stands_by
                 WHEN fate <> 'open' THEN exit_position END AS then_position
       FROM ended
      CROSS JOIN LATERAL (VALUES ('base'), (fate)) AS counted (in_row))
