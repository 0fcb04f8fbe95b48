-- Every stay counts in its own stage: as standing if it has not ended, as entered if it is the first
-- of its pass there. A first entry also counts as reached in each stage that it reaches.
     members AS (
     SELECT value, kind, stage AS in_row,
            concat_ws(' ',
                      CASE WHEN left_at = 'infinity' THEN 'standing' END,
                      CASE WHEN is_first_entry AND stage <> 'unplaced' THEN 'entered' END
            ) AS measures,
            subject_id, pass_number, entered_at AS at, entry_position AS position, number,
            CAST(NULL AS text) AS then_stage, CAST(NULL AS text) AS then_kind,
            CAST(NULL AS timestamptz) AS then_at, CAST(NULL AS bigint) AS then_position
       FROM known
      UNION ALL
     SELECT value, kind, reached, 'reached',
            subject_id, pass_number, entered_at, entry_position, number, NULL, NULL, NULL, NULL
       FROM known
       JOIN reaching USING (kind, stage, before)
      WHERE is_first_entry)
