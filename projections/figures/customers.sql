-- Every stay of a company that touches the period counts: as a customer's at its beginning, by the entry or
-- exit if the stay before or after is not a customer's, and at its end. So the customers at the end are
-- those at the beginning, plus entries, minus exits.
     followed AS (
     SELECT *, stage = ANY (CAST(:customers AS text[])) AS is_customer,
            COALESCE(lag(stage) OVER in_order = ANY (CAST(:customers AS text[])), false) AS goes_on,
            COALESCE(next_stage = ANY (CAST(:customers AS text[])), false) AS goes_further
       FROM known
      WHERE kind = 'account' AND stage <> 'unplaced'
     WINDOW in_order AS (PARTITION BY subject_id ORDER BY known_from, number)),
     counted AS (
     SELECT followed.*,
            concat_ws(' ',
                      CASE WHEN NOT is_customer THEN NULL
                           WHEN entered_at < begins THEN 'before'
                           WHEN goes_on THEN NULL
                           WHEN string_to_array(before, ' ') && CAST(:customers AS text[])
                           THEN 'regained'
                           ELSE 'new' END,
                      CASE WHEN NOT is_customer OR goes_further OR left_at >= ends THEN NULL
                           WHEN exit_kind = 'absorbed' THEN 'merged'
                           ELSE 'ended' END,
                      CASE WHEN is_customer AND left_at >= ends THEN 'after' END,
                      CASE WHEN left_at >= ends THEN 'companies' END
            ) AS measures,
            left_at < ends AS is_over
       FROM followed
      CROSS JOIN (SELECT COALESCE(CAST(:since AS timestamptz), '-infinity') AS begins,
                         COALESCE(CAST(:until AS timestamptz), 'infinity') AS ends) AS period
      WHERE entered_at < ends AND left_at >= begins),
     members AS (
     SELECT value, kind, 'customers' AS in_row, measures, subject_id, pass_number,
            entered_at AS at, entry_position AS position, number,
            CASE WHEN is_over THEN next_stage END AS then_stage,
            CASE WHEN is_over THEN exit_kind END AS then_kind,
            CASE WHEN is_over THEN left_at END AS then_at,
            CASE WHEN is_over THEN exit_position END AS then_position
       FROM counted
      WHERE measures <> '')
