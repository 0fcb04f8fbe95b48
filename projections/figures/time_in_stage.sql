-- Every stay that ended in the period counts as completed, and every one that has not ended as open.
     members AS (
     SELECT value, kind, stage AS in_row,
            CASE WHEN left_at = 'infinity' THEN 'open' ELSE 'completed' END AS measures,
            subject_id, pass_number, entered_at AS at, entry_position AS position, number,
            CASE WHEN left_at < 'infinity' THEN next_stage END AS then_stage,
            CASE WHEN left_at < 'infinity' THEN exit_kind END AS then_kind,
            CASE WHEN left_at < 'infinity' THEN left_at END AS then_at,
            CASE WHEN left_at < 'infinity' THEN exit_position END AS then_position,
            LEAST(left_at, CAST(:as_of AS timestamptz)) - entered_at AS length
       FROM known
      WHERE stage <> 'unplaced'
        AND (left_at = 'infinity'
             OR (left_at >= COALESCE(CAST(:since AS timestamptz), '-infinity')
                 AND left_at < COALESCE(CAST(:until AS timestamptz), 'infinity'))))
