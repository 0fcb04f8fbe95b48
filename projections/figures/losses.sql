-- Every lost deal counts among all, and once more by its reason.
     members AS (
     SELECT COALESCE(value, CAST(:no_values AS text)) AS value,
            CASE WHEN lead IS NULL THEN 'account' ELSE 'lead' END AS kind, counted.in_row,
            'lost' AS measures,
            COALESCE(lead, account, '00000000-0000-0000-0000-000000000000') AS subject_id,
            COALESCE(pass_number, stays_in_pass, 1) AS pass_number, decided_at AS at,
            created_by AS position, 0 AS number,
            CAST(NULL AS text) AS then_stage, 'lost' AS then_kind, decided_at AS then_at,
            decided_by AS then_position
       FROM placed
      CROSS JOIN LATERAL (
            VALUES ('all'), ('reason.' || COALESCE(reason, ''))
            ) AS counted (in_row))
