-- Every pass that got to the target, or past it, in the period and had entered the base stage by then
-- counts as completed; every one that has entered it, has not got there and is on its way as open.
     base AS (
     SELECT value, kind, subject_id, pass_number, entered_at, entry_position, number
       FROM known
      WHERE kind = CAST(:kind AS text) AND stage = CAST(:base AS text) AND is_first_entry),
     arrived AS (
     SELECT DISTINCT ON (base.subject_id, base.pass_number)
            base.subject_id, base.pass_number, found.stage, found.entered_at, found.entry_position
       FROM known AS found
       JOIN base
         ON base.subject_id = found.subject_id AND base.pass_number = found.pass_number
        AND found.entered_at >= base.entered_at
      WHERE found.stage = ANY (CAST(:targets AS text[])) AND found.is_first_entry
      ORDER BY base.subject_id, base.pass_number, found.known_from, found.number),
     members AS (
     SELECT base.value, base.kind, CAST(:target AS text) AS in_row,
            CASE WHEN arrived.stage IS NULL THEN 'open' ELSE 'completed' END AS measures,
            base.subject_id, base.pass_number, base.entered_at AS at,
            base.entry_position AS position, base.number,
            arrived.stage AS then_stage, CAST(NULL AS text) AS then_kind,
            arrived.entered_at AS then_at, arrived.entry_position AS then_position,
            COALESCE(arrived.entered_at, CAST(:as_of AS timestamptz)) - base.entered_at AS length
       FROM base
       LEFT JOIN arrived USING (subject_id, pass_number)
      WHERE CASE WHEN arrived.stage IS NULL
                 THEN EXISTS (SELECT
                                FROM known AS last
                               WHERE last.subject_id = base.subject_id
                                 AND last.pass_number = base.pass_number
                                 AND last.left_at = 'infinity'
                                 AND last.stage = ANY (CAST(:path AS text[])))
                 ELSE arrived.entered_at >= COALESCE(CAST(:since AS timestamptz), '-infinity')
                  AND arrived.entered_at < COALESCE(CAST(:until AS timestamptz), 'infinity') END)
