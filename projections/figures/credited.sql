-- Each piece of business in every row in which it counts, with what it adds there to the amount, if the
-- row is one of amounts. Business of a company or of nobody is in the same row, because it is part of the
-- whole.
     credited AS (
     SELECT COALESCE(placed.value, CAST(:no_values AS text)) AS value, 'lead' AS kind, entry.in_row,
            entry.measures,
            COALESCE(lead, account, '00000000-0000-0000-0000-000000000000') AS subject_id,
            COALESCE(placed.pass_number, stays_in_pass, 1) AS pass_number, won_at AS at,
            won_by AS position, 0 AS number, CAST(NULL AS text) AS then_stage,
            CAST(NULL AS text) AS then_kind, CAST(NULL AS timestamptz) AS then_at,
            CAST(NULL AS bigint) AS then_position,
            CASE WHEN lead IS NULL THEN 'account' ELSE 'lead' END AS of_kind, entry.amount
       FROM placed
       JOIN unnest(CAST(:entry_of AS bigint[]), CAST(:in_rows AS text[]), CAST(:counts AS text[]),
                   CAST(:amounts AS numeric[])) AS entry (won_by, in_row, measures, amount)
      USING (won_by)),
