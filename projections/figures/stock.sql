-- Every stay counts in its own stage: as standing if it has not ended, as entered if it is the first
-- of its pass there. A first entry also counts as reached in each stage that the pass gets to or past
-- by it: which these are depends only on the stages entered before, and there are few such routes.
     declared AS (
     SELECT kind, stage, string_to_array(beyond, ' ') AS beyond
       FROM unnest(CAST(:kinds AS text[]), CAST(:stages AS text[]), CAST(:beyond AS text[]))
            AS given (kind, stage, beyond)),
     routes AS (
     SELECT DISTINCT kind, stage, before
       FROM known
      WHERE is_first_entry AND stage <> 'unplaced'),
     reaching AS (
     SELECT routes.kind, routes.stage, routes.before, declared.stage AS reached
       FROM routes
       JOIN declared USING (kind)
      WHERE routes.stage = ANY (declared.beyond)
        AND NOT string_to_array(routes.before, ' ') && declared.beyond
      UNION ALL
     SELECT kind, stage, before, stage
       FROM routes
      WHERE NOT EXISTS (SELECT FROM declared WHERE (kind, stage) = (routes.kind, routes.stage))),
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
