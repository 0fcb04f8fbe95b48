-- Every stay that ended because its visitor or company was absorbed in the period counts, and every one in
-- which a lead was acquired in it. What a person decided, and conflicts, count by their events: no stay
-- of a lead that a person merged counts any more.
     period AS (
     SELECT COALESCE(CAST(:since AS timestamptz), '-infinity') AS begins,
            COALESCE(CAST(:until AS timestamptz), 'infinity') AS ends),
     members AS (
     SELECT value, kind, 'merges' AS in_row, counted.measures, subject_id, pass_number,
            entered_at AS at, entry_position AS position, number,
            CAST(NULL AS text) AS then_stage,
            CASE WHEN is_absorbed THEN 'absorbed' END AS then_kind,
            CASE WHEN is_absorbed THEN left_at END AS then_at,
            CASE WHEN is_absorbed THEN exit_position END AS then_position
       FROM known
      CROSS JOIN period
      CROSS JOIN LATERAL (
            SELECT exit_kind = 'absorbed' AND left_at < 'infinity'
                   AND left_at >= begins AND left_at < ends AS is_absorbed,
                   kind = 'lead' AND stage = CAST(:base AS text) AND is_first_entry
                   AND pass_number = 1 AND entered_at >= begins AND entered_at < ends AS is_acquired
            ) AS what
      CROSS JOIN LATERAL (
            SELECT concat_ws(' ',
                             CASE WHEN NOT is_absorbed OR is_absorbed IS NULL THEN NULL
                                  WHEN stage = ANY (CAST(:unknown AS text[])) THEN 'visitors'
                                  ELSE 'known' END,
                             CASE WHEN is_acquired THEN 'acquired' END) AS measures
            ) AS counted
      WHERE is_absorbed OR is_acquired
      UNION ALL
     SELECT COALESCE(value, CAST(:no_values AS text)), 'lead',
            CASE type WHEN 'identity.conflicted' THEN 'conflicts' ELSE 'merges' END,
            counted.measures, lead, COALESCE(stays_in_pass, 1), placed_at, created_by, place,
            NULL, CASE WHEN settled_at IS NOT NULL THEN 'settled' END, settled_at, settled_by
       FROM placed
      CROSS JOIN period
      CROSS JOIN LATERAL (
            SELECT concat_ws(' ',
                             CASE WHEN placed_at < begins OR placed_at >= ends THEN NULL
                                  WHEN type = 'identity.merged' THEN 'known'
                                  WHEN type = 'identity.unmerged' THEN 'unmerged'
                                  ELSE 'raised' END,
                             CASE WHEN type = 'identity.conflicted' AND settled_at IS NULL
                                  THEN 'open' END) AS measures
            ) AS counted
      WHERE counted.measures <> '')
