-- Of all stays of one person or company, the first in a stage counts as entered, the first that reaches
-- one as reached, and of those that have not ended only the one in the furthest stage as standing.
     once AS (
     (SELECT DISTINCT ON (unit_id, kind)
             value, kind, stage AS in_row, 'standing' AS measures, subject_id, pass_number,
             entered_at, entry_position, number
        FROM known
       WHERE unit_id IS NOT NULL AND left_at = 'infinity'
       ORDER BY unit_id, kind, array_position(CAST(:path AS text[]), stage) DESC NULLS LAST,
                entered_at, known_from, number)
      UNION ALL
     (SELECT DISTINCT ON (unit_id, kind, stage)
             value, kind, stage, 'entered', subject_id, pass_number, entered_at, entry_position, number
        FROM known
       WHERE unit_id IS NOT NULL AND is_first_entry AND stage <> 'unplaced'
       ORDER BY unit_id, kind, stage, entered_at, known_from, number)
      UNION ALL
     (SELECT DISTINCT ON (unit_id, kind, reached)
             value, kind, reached, 'reached', subject_id, pass_number, entered_at, entry_position, number
        FROM known
        JOIN reaching USING (kind, stage, before)
       WHERE unit_id IS NOT NULL AND is_first_entry
       ORDER BY unit_id, kind, reached, entered_at, known_from, number)),
     members AS (
     SELECT value, kind, in_row, measures, subject_id, pass_number, entered_at AS at,
            entry_position AS position, number,
            CAST(NULL AS text) AS then_stage, CAST(NULL AS text) AS then_kind,
            CAST(NULL AS timestamptz) AS then_at, CAST(NULL AS bigint) AS then_position
       FROM once)
