-- Every first pass that got to the base stage, or past it, in the period counts in the row of each
-- stage that it got to or past within its time. Its entries are taken in order: an entry reaches the
-- stages between the furthest one before it and its own, so no stage is reached twice, and none
-- without those before it. The entries of all leads of a company are those of the company.
     steps AS (
     SELECT known.kind, known.stage, known.entered_at, known.entry_position,
            step.rank,
            first_value(known.value) OVER in_order AS value,
            first_value(known.subject_id) OVER in_order AS subject_id,
            first_value(known.entered_at) OVER in_order AS at,
            first_value(known.entry_position) OVER in_order AS position,
            first_value(known.number) OVER in_order AS number,
            COALESCE(max(step.rank) OVER (in_order ROWS BETWEEN UNBOUNDED PRECEDING
                                                            AND 1 PRECEDING), 0) AS furthest
       FROM known
       JOIN unnest(CAST(:path AS text[])) WITH ORDINALITY AS step (stage, rank) USING (stage)
      WHERE kind = CAST(:kind AS text) AND is_first_entry AND pass_number = 1
        AND unit_id IS NOT NULL
     WINDOW in_order AS (PARTITION BY known.unit_id
                         ORDER BY known.entered_at, known.known_from, known.number)),
     members AS (
     SELECT value, kind, (CAST(:path AS text[]))[reached] AS in_row,
            CASE WHEN at + CAST(:within AS interval) <= CAST(:as_of AS timestamptz) THEN 'reached'
                 ELSE 'early' END AS measures,
            subject_id, 1 AS pass_number, at, position, number,
            stage AS then_stage, CAST(NULL AS text) AS then_kind,
            entered_at AS then_at, entry_position AS then_position
       FROM steps
      CROSS JOIN LATERAL generate_series(furthest + 1, rank) AS reached
      WHERE at >= COALESCE(CAST(:since AS timestamptz), '-infinity')
        AND at < COALESCE(CAST(:until AS timestamptz), 'infinity')
        AND entered_at <= at + CAST(:within AS interval))
