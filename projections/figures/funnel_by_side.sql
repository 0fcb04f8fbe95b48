-- Every first entry of a pass into a stage in the period counts there, in the column of the pass's
-- origin, and every piece of business in its rows.
     members AS (
     SELECT value, kind, stage AS in_row,
            COALESCE(CAST(:columns AS jsonb) ->> origin,
                     CASE WHEN COALESCE(origin, '') = '' THEN 'unknown' ELSE 'other' END) AS measures,
            subject_id, pass_number, entered_at AS at, entry_position AS position, number,
            CAST(NULL AS text) AS then_stage, CAST(NULL AS text) AS then_kind,
            CAST(NULL AS timestamptz) AS then_at, CAST(NULL AS bigint) AS then_position,
            kind AS of_kind, CAST(NULL AS numeric) AS amount
       FROM known
      WHERE kind = 'lead' AND stage = ANY (CAST(:stages AS text[])) AND is_first_entry
        AND entered_at >= COALESCE(CAST(:since AS timestamptz), '-infinity')
        AND entered_at < COALESCE(CAST(:until AS timestamptz), 'infinity')
      UNION ALL
     SELECT * FROM credited)
