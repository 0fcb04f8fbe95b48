-- Every open deal counts in the row of all, and in that of the month in which it is expected to be decided,
-- as the latest report that names a day says. It was postponed as often as a report named a later month
-- than the one before.
     expected AS (
     SELECT opportunity, expected_close, position, occurred_at,
            date_trunc('month', CAST(expected_close AS timestamp))
            > date_trunc('month', CAST(lag(expected_close) OVER in_time AS timestamp)) AS is_later
       FROM reports
      WHERE expected_close IS NOT NULL
     WINDOW in_time AS (PARTITION BY opportunity ORDER BY occurred_at, position)),
     planned AS (
     SELECT opportunity,
            (array_agg(expected_close ORDER BY occurred_at DESC, position DESC))[1] AS expected_close,
            count(*) FILTER (WHERE is_later) AS postponed
       FROM expected
      GROUP BY opportunity),
     members AS (
     SELECT COALESCE(value, CAST(:no_values AS text)) AS value,
            CASE WHEN lead IS NULL THEN 'account' ELSE 'lead' END AS kind, counted.in_row,
            concat_ws(' ',
                      CASE WHEN reported_at < CAST(:quiet_since AS timestamptz) THEN 'stalled'
                           ELSE 'active' END,
                      CASE WHEN postponed >= 1 THEN 'postponed' END,
                      CASE WHEN postponed >= 2 THEN 'again' END
            ) AS measures,
            COALESCE(lead, account, '00000000-0000-0000-0000-000000000000') AS subject_id,
            COALESCE(pass_number, stays_in_pass, 1) AS pass_number, created_at AS at,
            created_by AS position, 0 AS number,
            CAST(NULL AS text) AS then_stage, CAST(NULL AS text) AS then_kind,
            CAST(NULL AS timestamptz) AS then_at, CAST(NULL AS bigint) AS then_position
       FROM placed
       LEFT JOIN planned USING (opportunity)
      CROSS JOIN LATERAL (
            VALUES ('all'),
                   (CASE WHEN expected_close IS NULL THEN 'none'
                         WHEN expected_close < CAST(:today AS date) THEN 'overdue'
                         WHEN expected_close >= CAST(:later AS date) THEN 'later'
                         ELSE to_char(expected_close, 'YYYY-MM') END)
            ) AS counted (in_row))
