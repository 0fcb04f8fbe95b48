-- Every stay counts in its own stage: as standing if it has not ended, as entered if it is the first
-- of its pass there. A first entry also counts as reached in each stage that it reaches. Of several of
-- one person or company the first counts, and of those that are standing the one in the furthest stage.
     stood AS (
     SELECT unit_id, known_from, value, kind, stage AS in_row,
            concat_ws(' ',
                      CASE WHEN left_at = 'infinity' THEN 'standing' END,
                      CASE WHEN is_first_entry AND stage <> 'unplaced' THEN 'entered' END
            ) AS measures,
            subject_id, pass_number, entered_at AS at, entry_position AS position, number,
            CAST(NULL AS text) AS then_stage, CAST(NULL AS text) AS then_kind,
            CAST(NULL AS timestamptz) AS then_at, CAST(NULL AS bigint) AS then_position
       FROM known
      UNION ALL
     SELECT unit_id, known_from, value, kind, reached, 'reached',
            subject_id, pass_number, entered_at, entry_position, number, NULL, NULL, NULL, NULL
       FROM known
       JOIN reaching USING (kind, stage, before)
      WHERE is_first_entry),
     members AS (
     SELECT value, kind, in_row, measures, subject_id, pass_number, at, position, number,
            then_stage, then_kind, then_at, then_position
       FROM stood
      WHERE CAST(:unit AS text) = 'pass'
      UNION ALL
     SELECT value, kind, in_row, measure, subject_id, pass_number, at, position, number,
            then_stage, then_kind, then_at, then_position
       FROM (SELECT DISTINCT ON (kind, measure, alone_in, unit_id) stood.*, measure
               FROM stood
              CROSS JOIN LATERAL unnest(string_to_array(measures, ' ')) AS measure
              CROSS JOIN LATERAL (
                    SELECT CASE WHEN measure = 'standing' THEN '' ELSE in_row END
                    ) AS counted (alone_in)
              WHERE CAST(:unit AS text) <> 'pass' AND unit_id IS NOT NULL
              ORDER BY kind, measure, alone_in, unit_id,
                       array_position(CAST(:path AS text[]), in_row) DESC NULLS LAST,
                       at, known_from, number) AS furthest)
