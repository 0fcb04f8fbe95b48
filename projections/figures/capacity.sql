-- A selected lead counts as that, and for what became of it: it was skipped, because it had changed
-- meanwhile, or it was screened. A deferred one waits until it leaves the stage of candidates, by whatever
-- way, a later run included. One that has been merged since has no stay any more, and waits no longer.
     members AS (
     SELECT '' AS value, 'lead' AS kind, 'run.' || ranked.run AS in_row,
            CASE WHEN ranked.rank <= ranked.selected
                 THEN concat_ws(' ', 'selected',
                                CASE WHEN skipped.lead IS NOT NULL THEN 'skipped' END,
                                CASE WHEN screened.lead IS NOT NULL THEN 'screened' END,
                                CASE WHEN ranked.rank = ranked.selected THEN 'cut_line' END)
                 WHEN stay.left_at = 'infinity' THEN 'waiting'
                 ELSE 'moved_on' END AS measures,
            ranked.lead AS subject_id, COALESCE(stay.pass_number, 1) AS pass_number,
            ranked.ran_at AS at, ranked.position, 0 AS number,
            CASE WHEN moves_on THEN stay.next_stage END AS then_stage,
            CASE WHEN moves_on THEN stay.exit_kind
                 WHEN screened.lead IS NOT NULL THEN screened.class END AS then_kind,
            CASE WHEN moves_on THEN stay.left_at ELSE screened.contacted_at END AS then_at,
            CASE WHEN moves_on THEN stay.exit_position ELSE screened.position END AS then_position,
            LEAST(NULLIF(stay.left_at, 'infinity'), CAST(:as_of AS timestamptz)) - ranked.ran_at AS length
       FROM ranked
       LEFT JOIN skipped USING (run, lead)
       LEFT JOIN screened USING (run, lead)
       LEFT JOIN LATERAL (
            SELECT known.*
              FROM known
             WHERE known.subject_id = ranked.lead
               AND known.entered_at <= ranked.ran_at
             ORDER BY known.left_at >= ranked.ran_at DESC, known.entered_at DESC,
                      known.known_from DESC, known.number DESC
             LIMIT 1
            ) AS stay ON true
      CROSS JOIN LATERAL (
            SELECT ranked.rank > ranked.selected AND stay.left_at < 'infinity' AS moves_on
            ) AS what)
