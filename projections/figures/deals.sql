-- Every pass that first entered the base stage in the period counts as in a conversion: a hit is one
-- whose first deal followed in time. Every deal created in the period counts as such, and as direct if
-- its pass had not entered that stage by then.
     entered AS (
     SELECT value, kind, subject_id, pass_number, entered_at, entry_position, number,
            entered_at + CAST(:within AS interval) AS matures_at
       FROM known
      WHERE kind = 'lead' AND stage = CAST(:base AS text) AND is_first_entry),
     first_deals AS (
     SELECT DISTINCT ON (stays, stays_in_pass) stays, stays_in_pass, created_at, created_by
       FROM placed
      WHERE lead IS NOT NULL AND stays IS NOT NULL
      ORDER BY stays, stays_in_pass, created_at, created_by),
     members AS (
     SELECT entered.value, kind, 'cohort' AS in_row,
            concat_ws(' ', 'base',
                      CASE WHEN matures_at <= CAST(:as_of AS timestamptz)
                           THEN concat_ws(' ', 'mature',
                                          CASE WHEN deal.stays IS NOT NULL THEN 'hits so_far' END)
                           ELSE concat_ws(' ', 'immature',
                                          CASE WHEN deal.stays IS NOT NULL THEN 'so_far'
                                               ELSE 'possible' END) END
            ) AS measures,
            entered.subject_id, entered.pass_number, entered_at AS at, entry_position AS position,
            number, CAST(NULL AS text) AS then_stage,
            CASE WHEN deal.stays IS NOT NULL THEN 'hits' END AS then_kind,
            deal.created_at AS then_at, deal.created_by AS then_position
       FROM entered
       LEFT JOIN first_deals AS deal
         ON deal.stays = entered.subject_id AND deal.stays_in_pass = entered.pass_number
        AND deal.created_at BETWEEN entered.entered_at AND entered.matures_at
      WHERE entered_at >= COALESCE(CAST(:since AS timestamptz), '-infinity')
        AND entered_at < COALESCE(CAST(:until AS timestamptz), 'infinity')
      UNION ALL
     SELECT COALESCE(placed.value, CAST(:no_values AS text)),
            CASE WHEN lead IS NULL THEN 'account' ELSE 'lead' END, 'created',
            concat_ws(' ', 'created', CASE WHEN entered.subject_id IS NULL THEN 'direct' END),
            COALESCE(lead, account, '00000000-0000-0000-0000-000000000000'),
            COALESCE(placed.pass_number, stays_in_pass, 1), created_at, created_by, 0,
            NULL, NULL, NULL, NULL
       FROM placed
       LEFT JOIN entered
         ON entered.subject_id = placed.stays AND entered.pass_number = placed.stays_in_pass
        AND entered.entered_at <= placed.created_at
      WHERE created_at >= COALESCE(CAST(:since AS timestamptz), '-infinity')
        AND created_at < COALESCE(CAST(:until AS timestamptz), 'infinity'))
