-- Every stay that touches the period counts once at its beginning or by its entry, and once at its end
-- or by its exit. So the number of stays there at the end is that at the beginning, plus entries,
-- minus exits. An event at a boundary belongs to the period that begins there.
     members AS (
     SELECT value, kind, stage AS in_row,
            concat_ws(' ',
                      CASE WHEN entered_at < begins THEN 'before'
                           WHEN NOT is_first_entry THEN 'again'
                           WHEN pass_number > 1 THEN 'later'
                           ELSE 'first' END,
                      CASE WHEN left_at >= ends THEN 'after'
                           ELSE 'left_' || exit_kind END
            ) AS measures,
            subject_id, pass_number, entered_at AS at, entry_position AS position, number,
            CASE WHEN left_at < ends THEN next_stage END AS then_stage,
            CASE WHEN left_at < ends THEN exit_kind END AS then_kind,
            CASE WHEN left_at < ends THEN left_at END AS then_at,
            CASE WHEN left_at < ends THEN exit_position END AS then_position
       FROM known
      CROSS JOIN (SELECT COALESCE(CAST(:since AS timestamptz), '-infinity') AS begins,
                         COALESCE(CAST(:until AS timestamptz), 'infinity') AS ends) AS period
      WHERE entered_at < ends AND left_at >= begins)
