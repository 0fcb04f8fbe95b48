-- The deadlines that fall due in the period, as they were known and had been answered by the moment,
-- each in the stay in which it started.
     due AS NOT MATERIALIZED (
     SELECT row.lead_id AS subject_id, row.deadline, row.started, row.number, row.due_at,
            stay.value, stay.pass_number,
            CASE WHEN is_settled THEN row.outcome END AS outcome,
            CASE WHEN is_settled THEN row.settled END AS settled,
            CASE WHEN is_settled THEN row.settled_at END AS settled_at,
            CASE WHEN is_settled AND row.outcome <> 'left' THEN row.outcome
                 WHEN is_settled AND row.settled_at < row.due_at THEN 'left'
                 WHEN is_settled THEN 'missed'
                 WHEN row.due_at <= CAST(:as_of AS timestamptz) THEN 'ignored'
                 ELSE 'pending' END AS state
       FROM ledger.deadlines AS row
      CROSS JOIN live
      CROSS JOIN LATERAL (
            SELECT COALESCE(row.settled <= live.position
                            AND row.settled_at <= CAST(:as_of AS timestamptz), false) AS is_settled
            ) AS answer
      CROSS JOIN LATERAL (
            SELECT known.value, known.pass_number
              FROM known
             WHERE known.subject_id = row.lead_id
               AND known.entered_at <= row.started_at
               AND known.left_at >= row.started_at
             ORDER BY known.entered_at DESC, known.known_from DESC, known.number DESC
             LIMIT 1
            ) AS stay
      WHERE row.generation = (SELECT generation
                                FROM ledger.projections
                               WHERE name = 'deadlines' AND status = 'live')
        AND row.known_from <= live.position
        AND (row.known_to IS NULL OR row.known_to > live.position)
        AND row.started_at <= CAST(:as_of AS timestamptz)
        AND row.due_at >= COALESCE(CAST(:since AS timestamptz), '-infinity')
        AND row.due_at < COALESCE(CAST(:until AS timestamptz), 'infinity')),
